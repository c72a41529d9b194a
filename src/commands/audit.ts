import { InvalidArgumentError, type Command } from 'commander';
import { auditFolder } from '../audit-trail.js';
import { fault, FacelatchError, reasonOf } from '../errors.js';
import { isMissing, readHead } from '../system/audit-files.js';
import type { AuditLine, Link } from '../system/audit-line.js';
import { readAudit } from '../system/audit-read.js';
import { verifyAudit, type Finding, type Verification } from '../system/audit-verify.js';
import type { Context } from './context.js';
import { columns } from './output.js';
import type { Run } from './run-command.js';

/** audit verify, show, head: what happened, and whether the record of it is whole. */
export function registerAudit(program: Command, run: Run): void {
  const audit = program.command('audit').description('the audit log: what happened at this door');

  audit
    .command('verify')
    .description('find edits, deletions, truncation and reordering; exit status 1 when the log is not whole')
    .argument('[path]', "a folder of audit files or one of them; this door's unless given")
    .option('--anchor <seq:hash>', 'a line that was noted elsewhere ("facelatch audit head"): the log must contain it', anchor)
    .action(run(verify));

  audit
    .command('show')
    .description('the lines of the log, with the names of the people that are still enrolled')
    .option('--since <time>', 'ISO 8601, or how long ago: 90m, 12h, 7d')
    .option('--until <time>', 'ISO 8601, or how long ago')
    .option('--type <types>', 'only these, such as granted,denied')
    .action(run(show));

  audit
    .command('head')
    .description('number and hash of the last durable line, to be noted where nobody at this machine can change it')
    .action(run(head));
}

async function verify(context: Context, path: string | undefined, options: { anchor?: Link }): Promise<number> {
  const where = path ?? auditFolder(context.config);
  let result: Verification;
  try {
    result = await verifyAudit(where, options);
  } catch (error) {
    throw fault('AUDIT_UNAVAILABLE', { folder: where, reason: reasonOf(error) }, error);
  }
  const { files, lines, last, problems, notes } = result;
  const whole = problems.length === 0;
  const told = (word: string) => (finding: Finding) => {
    const place = finding.line === undefined ? finding.file : `${finding.file}, line ${finding.line}`;
    return `${word}  ${place}: ${finding.what}`;
  };
  context.print(
    { path: where, whole, files, lines, last: last ?? null, problems, notes },
    [
      `${where}: ${files} ${files === 1 ? 'file' : 'files'}, ${lines} lines${last ? `, the last is ${last.seq}:${last.hash}` : ''}`,
      ...notes.map(told('note   ')),
      ...problems.map(told('PROBLEM')),
      whole ? 'Whole.' : 'NOT WHOLE.',
    ].join('\n'),
  );
  return whole ? 0 : 1;
}

async function show(context: Context, options: { since?: string; until?: string; type?: string }): Promise<number> {
  const folder = auditFolder(context.config);
  const now = context.clock.wallTime();
  const sinceMs = options.since === undefined ? -Infinity : instant(options.since, now);
  const untilMs = options.until === undefined ? Infinity : instant(options.until, now);
  const types = options.type?.split(',');
  const names = context.json ? new Map<string, string>() : await knownNames(context);
  const rows: string[][] = [];
  try {
    for await (const line of readAudit(folder)) {
      const atMs = Date.parse(line.time);
      if (!(atMs >= sinceMs && atMs < untilMs) || (types && !types.includes(line.type))) continue;
      if (context.json) context.print(line, '');
      else rows.push([String(line.seq), line.time, line.type, details(line, names)]);
    }
  } catch (error) {
    throw fault('AUDIT_UNAVAILABLE', { folder, reason: reasonOf(error) }, error);
  }
  if (!context.json) {
    context.print(rows, rows.length === 0 ? 'no such lines' : columns(['LINE', 'TIME', 'WHAT', ''], rows));
  }
  return 0;
}

async function head(context: Context): Promise<number> {
  const folder = auditFolder(context.config);
  const found = await readHead(folder);
  if (typeof found === 'string') throw fault('AUDIT_UNAVAILABLE', { folder, reason: `head.json is ${found}` });
  context.print(found, `${found.seq}:${found.hash}`);
  return 0;
}

/** Names stand in the people file alone; without it the ids must do. */
async function knownNames(context: Context): Promise<ReadonlyMap<string, string>> {
  try {
    return new Map((await context.people()).all().map(({ id, name }) => [id, name]));
  } catch (error) {
    if (error instanceof FacelatchError || isMissing(error)) return new Map();
    throw error;
  }
}

function details(line: AuditLine, names: ReadonlyMap<string, string>): string {
  const { seq: _seq, prev: _prev, time: _time, type: _type, eventId: _eventId, modelSha256, ...rest } = line;
  const shown = { ...rest, ...(typeof modelSha256 === 'string' && { model: modelSha256.slice(0, 12) }) };
  return Object.entries(shown)
    .map(([name, value]) => `${name} ${text(value, names)}`)
    .join(', ');
}

function text(value: unknown, names: ReadonlyMap<string, string>): string {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (typeof value === 'number' && !Number.isInteger(value)) return value.toFixed(3);
  return Array.isArray(value) ? value.map((each) => text(each, names)).join(' ') : JSON.stringify(value);
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** @returns milliseconds since 1970 */
function instant(given: string, now: Date): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(given) ?? [];
  const atMs = unit ? now.getTime() - Number(count) * units[unit] : Date.parse(given);
  if (Number.isNaN(atMs)) {
    throw fault('USAGE', { problem: `expected a time such as 2026-01-05T08:00:00Z or 12h, received "${given}"` });
  }
  return atMs;
}

function anchor(given: string): Link {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(given) ?? [];
  if (!hash) throw new InvalidArgumentError('expected a number, ":" and 64 hexadecimal digits');
  return { seq: Number(seq), hash };
}
