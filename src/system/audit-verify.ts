import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { firstSeqOf, listFiles, readHead } from './audit-files.js';
import { follows, genesis, parseLine, segmentsOf, sha256, type AuditLine, type Link, type Segment } from './audit-line.js';
import { noteOf } from './audit-tail.js';

/** Something about the log that a reader should know: a problem, or a note where it is as it should be. */
export interface Finding {
  readonly file: string;
  /** From 1; absent where it is about the file or the whole log. */
  readonly line?: number;
  readonly what: string;
}

export interface Verification {
  readonly files: number;
  readonly lines: number;
  readonly first: Link | undefined;
  readonly last: Link | undefined;
  /** Edits, deletions, insertions, reordering, truncation. None: the log is whole. */
  readonly problems: readonly Finding[];
  /** What a power cut tore, what retention deleted. */
  readonly notes: readonly Finding[];
}

export interface VerifyOptions {
  /** A line that was noted elsewhere, out of reach of whoever can write here: the log must contain it. */
  readonly anchor?: Link;
}

/**
 * Verifies a folder of audit files, or one of its files alone (then what came before and after is not known).
 *
 * The chain shows whatever was done without writing every later line anew; whoever can do that is found by an anchor
 * alone (docs/audit.md).
 *
 * @throws the file system's error
 */
export async function verifyAudit(path: string, { anchor }: VerifyOptions = {}): Promise<Verification> {
  const alone = (await stat(path)).isFile();
  const folder = alone ? dirname(path) : path;
  const names = alone ? [basename(path)] : await listFiles(folder);
  const head = alone ? undefined : await readHead(folder);

  const chain = new Chain([typeof head === 'object' ? head : undefined, anchor].filter((link) => link !== undefined));
  for (const [i, name] of names.entries()) {
    chain.read(name, await readFile(join(folder, name)), i === names.length - 1);
  }
  if (!alone) chain.checkBeginning();
  if (head === 'damaged') chain.problem('head.json', 'expected a number and a hash, received something else');
  if (head === 'missing' && chain.lines > 0) {
    chain.problem('head.json', 'it is missing: lines cut off the end cannot be noticed');
  }
  if (typeof head === 'object') chain.checkReached(head, 'head.json');
  if (anchor) chain.checkReached(anchor, 'the anchor');
  const { lines, first, last, problems, notes } = chain;
  return { files: names.length, lines, first, last, problems, notes };
}

class Chain {
  readonly problems: Finding[] = [];
  readonly notes: Finding[] = [];
  lines = 0;
  first: (Link & { readonly prev: string; readonly file: string }) | undefined;
  last: Link | undefined;
  readonly #wanted: readonly Link[];
  readonly #hashes = new Map<number, string>();
  readonly #pruned: AuditLine[] = [];

  /** @param wanted links whose hashes are to be looked up later */
  constructor(wanted: readonly Link[]) {
    this.#wanted = wanted;
  }

  problem(file: string, what: string, line?: number): void {
    this.problems.push({ file, what, ...(line !== undefined && { line }) });
  }

  read(file: string, content: Buffer, isLast: boolean): void {
    const segments = segmentsOf(content).map((segment) => ({ ...segment, line: parseLine(segment.bytes) }));
    const tornNotes = segments.flatMap(({ line }, i) => (line?.type === 'torn' ? [i] : []));
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i];
      const { line } = segment;
      if (line && (!this.last || follows(line, this.last))) {
        if (!segment.whole && !isLast) this.problem(file, 'the end of the line is missing', i + 1);
        this.#accept(file, segment, line, i === 0);
        continue;
      }
      const noted = tornNotes.find((later) => later > i && this.#notes(segments[later], content, segment.offset));
      if (noted !== undefined) {
        this.notes.push({ file, line: i + 1, what: 'torn by a power cut, as the line after it notes' });
        i = noted - 1;
      } else if (!line && !segment.whole && isLast) {
        this.notes.push({ file, line: i + 1, what: 'an unfinished line at the end; the next start will note it' });
      } else if (line) {
        this.problem(file, this.#breakBefore(line), i + 1);
        this.#accept(file, segment, line, i === 0);
      } else this.problem(file, 'expected a line of the log, received something else', i + 1);
    }
  }

  /** The log begins with line 1, or with the line after one that was deleted in due course. */
  checkBeginning(): void {
    const { first } = this;
    if (!first || (first.seq === 1 && first.prev === genesis.hash)) return;
    const record = this.#pruned.find(({ lastSeq, lastHash }) => lastSeq === first.seq - 1 && lastHash === first.prev);
    if (first.seq === 1) this.problem(first.file, 'expected the first line to follow nothing', 1);
    else if (!record) this.problem(first.file, `lines 1 to ${first.seq - 1} are missing, and no line records their deletion`);
    else this.notes.push({ file: first.file, what: `lines 1 to ${first.seq - 1} were deleted on ${record.time} and before` });
  }

  /** The log must hold what was recorded elsewhere. */
  checkReached({ seq, hash }: Link, source: string): void {
    const reached = this.last?.seq ?? 0;
    if (seq === 0 || this.#hashes.get(seq) === hash) return;
    if (seq > reached) this.problem(source, `lines ${reached + 1} to ${seq} were cut off the end`);
    else if (this.first && seq < this.first.seq) this.notes.push({ file: source, what: `line ${seq} was deleted since` });
    else this.problem(source, `line ${seq} is not the one that was recorded`);
  }

  #accept(file: string, { bytes }: Segment, line: AuditLine, opensFile: boolean): void {
    const link = { seq: line.seq, hash: sha256(bytes) };
    const named = firstSeqOf(file);
    if (opensFile && named !== undefined && named !== line.seq) {
      this.problem(file, `expected line ${named} by the name of the file, received line ${line.seq}`, 1);
    }
    this.lines++;
    this.first ??= { ...link, prev: line.prev, file };
    this.last = link;
    if (this.#wanted.some(({ seq }) => seq === link.seq)) this.#hashes.set(link.seq, link.hash);
    if (line.type === 'pruned') this.#pruned.push(line);
    if (line.type === 'damaged') this.notes.push({ file, what: `damage was noticed at the start on ${line.time}` });
    if (line.type === 'gap')
      this.notes.push({ file, what: `${String(line['count'])} entries were lost while the disk took none` });
  }

  /** Whether `later` notes that what lies between was torn. */
  #notes(later: Segment, content: Buffer, from: number): boolean {
    const note = noteOf(later, this.last ?? genesis);
    if (!note) return false;
    const between = content.subarray(from, later.offset);
    // The newline that ended the torn line was added before the note.
    return [between, between.subarray(0, -1)].some((torn) => torn.length === note['bytes'] && sha256(torn) === note['sha256']);
  }

  #breakBefore(line: AuditLine): string {
    const { last } = this;
    if (!last || line.seq === last.seq + 1)
      return `the line before it was changed: line ${line.seq - 1} is not the one that this one follows`;
    if (line.seq > last.seq + 1) return `lines ${last.seq + 1} to ${line.seq - 1} are missing`;
    return `out of order: line ${line.seq} stands after line ${last.seq}`;
  }
}
