import fc from 'fast-check';
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLine, type AuditLine } from '../../src/system/audit-line.js';
import { openAudit, type AuditLog, type AuditOptions } from '../../src/system/audit-log.js';
import { verifyAudit } from '../../src/system/audit-verify.js';
import { FakeClock } from '../fakes/fake-clock.js';

const DAY_MS = 86_400_000;
const YEARS_MS = 20 * 365 * DAY_MS;

let folder: string;
let opened: AuditLog[];
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'facelatch-audit-')), 'audit');
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((log) => log.close()));
  await rm(join(folder, '..'), { recursive: true });
});

async function open(options: Partial<AuditOptions> = {}, clock = new FakeClock()) {
  const faults: string[] = [];
  const log = await openAudit({
    folder,
    maxFileBytes: 1_000_000,
    maxTotalBytes: 100_000_000,
    retentionDays: 30,
    clock,
    onFault: (reason) => faults.push(reason),
    ...options,
  });
  opened.push(log);
  return { log, clock, faults };
}

const files = async () => (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort();
const lines = async (name: string) =>
  (await readFile(join(folder, name), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as AuditLine);
const allLines = async () => (await Promise.all((await files()).map(lines))).flat();

/** A log of `count` entries, closed. */
async function written(count: number, options: Partial<AuditOptions> = {}): Promise<void> {
  const { log } = await open(options);
  for (let i = 1; i <= count; i++) log.record({ type: 'entry', i });
  await log.close();
}

describe('the audit log', () => {
  it('records lines that are numbered, stamped and chained', async () => {
    const { log } = await open();
    expect(log.isNew).toBe(true);
    log.record({ type: 'granted', person: 'a' });
    log.record({ type: 'denied', reason: 'unknown' });
    await log.close();
    const [first, second] = await lines('audit-000000000000001.jsonl');
    expect(first).toEqual({
      seq: 1,
      prev: '0'.repeat(64),
      time: '2026-01-05T08:00:00.000Z',
      type: 'granted',
      person: 'a',
    });
    expect(second).toMatchObject({ seq: 2, type: 'denied', reason: 'unknown' });
    expect(await verifyAudit(folder)).toMatchObject({ files: 1, lines: 2, problems: [], notes: [], last: { seq: 2 } });
  });

  it('goes on where it stopped', async () => {
    await written(3);
    const { log } = await open();
    expect(log.isNew).toBe(false);
    log.record({ type: 'entry' });
    await log.close();
    expect((await allLines()).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    expect((await verifyAudit(folder)).problems).toEqual([]);
  });

  it('is durable once it has settled: another process reads it', async () => {
    const { log } = await open();
    log.record({ type: 'entry' });
    await log.settled();
    expect(await allLines()).toHaveLength(1);
  });

  it('is for its owner alone', async () => {
    await written(1);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of await readdir(folder)) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
  });

  it('takes no more once it is closed, and is closed twice', async () => {
    const { log } = await open();
    await log.close();
    log.record({ type: 'entry' });
    await log.close();
    expect(await allLines()).toEqual([]);
  });
});

describe('rotation', () => {
  it('begins a file when one is full, and the chain goes on', async () => {
    const { log } = await open({ maxFileBytes: 1_000 });
    for (let i = 0; i < 40; i++) {
      log.record({ type: 'entry', i });
      await log.settled();
    }
    await log.close();
    const names = await files();
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) expect((await stat(join(folder, name))).size).toBeLessThan(1_300);
    expect((await allLines()).map(({ seq }) => seq)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    expect(await verifyAudit(folder)).toMatchObject({ lines: 40, problems: [], notes: [] });
  });

  it('begins a file with each day, but at most one an hour when the wall clock jumps to and fro', async () => {
    const { log, clock } = await open();
    for (let day = 0; day < 3; day++) {
      log.record({ type: 'entry', day });
      await log.settled();
      clock.advance(DAY_MS);
    }
    expect(await files()).toHaveLength(3);
    for (let i = 0; i < 20; i++) {
      clock.jumpWallTime(i % 2 === 0 ? YEARS_MS : -YEARS_MS);
      log.record({ type: 'entry', i });
      await log.settled();
    }
    await log.close();
    expect((await files()).length).toBeLessThanOrEqual(5);
    expect((await verifyAudit(folder)).problems).toEqual([]);
  });
});

describe('retention', () => {
  /** A line a day. */
  async function days(count: number, options: Partial<AuditOptions> = {}) {
    const opening = await open({ retentionDays: 10, ...options });
    for (let day = 0; day < count; day++) {
      opening.log.record({ type: 'entry', day });
      await opening.log.settled();
      opening.clock.advance(DAY_MS);
    }
    return opening;
  }

  it('deletes whole files that are too old, and what is left can still be verified', async () => {
    const { log } = await days(40);
    await log.close();
    const names = await files();
    expect(names.length).toBeLessThanOrEqual(13);
    const verified = await verifyAudit(folder);
    expect(verified.problems).toEqual([]);
    expect(verified.notes.map(({ what }) => what)).toEqual([expect.stringMatching(/^lines 1 to \d+ were deleted on 2026-02-1/)]);
    const pruned = (await allLines()).filter(({ type }) => type === 'pruned');
    expect(pruned.at(-1)).toMatchObject({ reason: 'age', file: expect.stringMatching(/^audit-/) });
  });

  it('finds a deletion that no line records', async () => {
    const { log } = await days(40);
    await log.close();
    const [oldest] = await files();
    await unlink(join(folder, oldest));
    expect((await verifyAudit(folder)).problems).toEqual([
      {
        file: (await files())[0],
        what: expect.stringMatching(/^lines 1 to \d+ are missing, and no line records their deletion/),
      },
    ]);
  });

  it('does not delete everything when the wall clock jumps ahead by years', async () => {
    const { log, clock } = await days(9);
    clock.jumpWallTime(YEARS_MS);
    log.record({ type: 'entry' });
    await log.close();
    expect((await files()).length).toBeGreaterThanOrEqual(8);
  });

  it('keeps all files together below a size', async () => {
    const { log } = await open({ maxFileBytes: 1_000, maxTotalBytes: 5_000, retentionDays: 3650 });
    for (let i = 0; i < 200; i++) {
      log.record({ type: 'entry', i });
      await log.settled();
    }
    await log.close();
    const sizes = await Promise.all((await files()).map(async (name) => (await stat(join(folder, name))).size));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(6_500);
    expect((await verifyAudit(folder)).problems).toEqual([]);
  });
});

describe('a power cut', () => {
  it('that tears the last line is noted, and is no tampering', async () => {
    await written(5);
    const [name] = await files();
    const whole = await readFile(join(folder, name));
    await truncate(join(folder, name), whole.length - 20);
    await writeFile(join(folder, 'head.json'), JSON.stringify({ seq: 4, hash: (await lines5(whole))[4] }));

    expect(await verifyAudit(folder)).toMatchObject({
      problems: [],
      notes: [{ line: 5, what: expect.stringContaining('unfinished') }],
    });
    const { log, faults } = await open();
    log.record({ type: 'entry', after: true });
    await log.close();
    expect(faults).toEqual([]);
    const verified = await verifyAudit(folder);
    expect(verified).toMatchObject({ problems: [], last: { seq: 6 } });
    expect(verified.notes).toEqual([{ file: name, line: 5, what: 'torn by a power cut, as the line after it notes' }]);
  });

  it('at any byte, any number of times, leaves a log that goes on and verifies', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ entries: fc.nat(4), cut: fc.nat(500), zeros: fc.nat(30) }), { maxLength: 6 }),
        async (cuts) => {
          await rm(folder, { recursive: true, force: true });
          for (const { entries, cut, zeros } of cuts) {
            const { log } = await open();
            await log.settled();
            // What was written after the last head may be lost; the head itself is not.
            const head = await readFile(join(folder, 'head.json')).catch(() => undefined);
            const [name] = await files();
            const before = (await stat(join(folder, name))).size;
            for (let i = 0; i < entries; i++) log.record({ type: 'entry', i });
            await log.close();
            if (head) await writeFile(join(folder, 'head.json'), head);
            else await rm(join(folder, 'head.json'), { force: true });
            const after = (await stat(join(folder, name))).size;
            await truncate(join(folder, name), Math.max(before, after - cut));
            await appendFile(join(folder, name), Buffer.alloc(zeros));
          }
          const { log, faults } = await open();
          log.record({ type: 'entry', last: true });
          await log.close();
          expect([faults, (await verifyAudit(folder)).problems]).toEqual([[], []]);
        },
      ),
      { numRuns: 40 },
    );
  });
});

/** The hashes of the lines of a file, by their numbers. */
async function lines5(content: Buffer): Promise<string[]> {
  const { sha256 } = await import('../../src/system/audit-line.js');
  return [
    '',
    ...content
      .toString()
      .trim()
      .split('\n')
      .map((line) => sha256(line)),
  ];
}

describe('tampering', () => {
  const at = async (index = 0) => join(folder, (await files())[index]);
  const edit = async (change: (all: string[]) => string[], index = 0) => {
    const path = await at(index);
    const all = (await readFile(path, 'utf8')).trimEnd().split('\n');
    await writeFile(
      path,
      change(all)
        .map((line) => `${line}\n`)
        .join(''),
    );
  };
  const problems = async () => (await verifyAudit(folder)).problems.map(({ line, what }) => `${String(line)}: ${what}`);

  it('with a line is found at the next one', async () => {
    await written(5);
    await edit((all) => all.map((line, i) => (i === 2 ? line.replace('"i":3', '"i":4') : line)));
    expect(await problems()).toEqual([expect.stringMatching(/^4: the line before it was changed/)]);
  });

  it('with the last line is found by the head', async () => {
    await written(5);
    await edit((all) => all.map((line, i) => (i === 4 ? line.replace('"i":5', '"i":6') : line)));
    expect(await problems()).toEqual(['undefined: line 5 is not the one that was recorded']);
  });

  it('by deleting lines is found', async () => {
    await written(5);
    await edit((all) => all.filter((_, i) => i !== 1 && i !== 2));
    expect(await problems()).toEqual(['2: lines 2 to 3 are missing']);
  });

  it('by cutting lines off the end is found, and still is once the door has written more', async () => {
    await written(5);
    await edit((all) => all.slice(0, 3));
    expect(await problems()).toEqual(['undefined: lines 4 to 5 were cut off the end']);
    const { log, faults } = await open();
    log.record({ type: 'entry' });
    await log.close();
    expect(faults).toEqual([expect.stringContaining('lines 4 to 5 are missing or changed')]);
    expect(await problems()).toEqual(['4: lines 4 to 5 are missing']);
  });

  it('by taking the head along is found as well', async () => {
    await written(5);
    await edit((all) => all.slice(0, 3));
    await unlink(join(folder, 'head.json'));
    expect(await problems()).toEqual([expect.stringContaining('lines cut off the end cannot be noticed')]);
    await writeFile(join(folder, 'head.json'), 'x');
    expect(await problems()).toEqual([expect.stringContaining('expected a number and a hash')]);
  });

  it('by exchanging, repeating or inserting lines is found', async () => {
    await written(5);
    const whole = await readFile(await at());
    const tamper = async (change: (all: string[]) => string[]) => {
      await writeFile(await at(), whole);
      await edit(change);
      return (await problems()).length;
    };
    expect(await tamper(([a, b, c, ...rest]) => [a, c, b, ...rest])).toBeGreaterThan(0);
    expect(await tamper(([a, b, ...rest]) => [a, b, b, ...rest])).toBeGreaterThan(0);
    expect(await tamper(([a, ...rest]) => [a, 'not a line', ...rest])).toBe(1);
    expect(await tamper((all) => all)).toBe(0);
  });

  it('by a note of a power cut that was none is found', async () => {
    await written(5);
    await edit(([a, b, ...rest]) => {
      const { prev } = JSON.parse(b) as AuditLine;
      return [a, 'whatever', JSON.stringify({ seq: 2, prev, time: '', type: 'torn', bytes: 3, sha256: '0'.repeat(64) }), ...rest];
    });
    expect((await problems()).length).toBeGreaterThan(0);
  });

  it('with whole files is found: deleted, renamed, or all of them', async () => {
    const { log } = await open({ maxFileBytes: 500 });
    for (let i = 0; i < 20; i++) {
      log.record({ type: 'entry', i });
      await log.settled();
    }
    await log.close();
    const names = await files();
    const third = await readFile(join(folder, names[2]));
    await unlink(join(folder, names[2]));
    expect(await problems()).toEqual([expect.stringMatching(/^1: lines \d+ to \d+ are missing/)]);
    await writeFile(join(folder, 'audit-000000000000099.jsonl'), third);
    expect((await problems()).length).toBeGreaterThan(1);
    for (const name of await files()) await unlink(join(folder, name));
    expect(await problems()).toEqual(['undefined: lines 1 to 20 were cut off the end']);
  });

  it('with any single byte is found', async () => {
    await written(6);
    const whole = await readFile(await at());
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (offset, flip) => {
        const changed = Buffer.from(whole);
        changed[offset] ^= flip;
        await writeFile(await at(), changed);
        const { problems, notes } = await verifyAudit(folder);
        // The last newline alone says nothing: the line is whole without it.
        expect(problems.length + notes.length > 0 || offset === whole.length - 1).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  it('that writes the whole chain anew is found by a line that was noted elsewhere', async () => {
    await written(5);
    const anchor = (await verifyAudit(folder)).last!;
    await rm(folder, { recursive: true });
    await written(7, { clock: new FakeClock(new Date('2026-01-05T08:00:01Z')) });
    expect((await verifyAudit(folder)).problems).toEqual([]);
    expect((await verifyAudit(folder, { anchor })).problems).toEqual([
      { file: 'the anchor', what: 'line 5 is not the one that was recorded' },
    ]);
  });

  it('is verified in one file alone', async () => {
    const { log } = await open({ maxFileBytes: 500 });
    for (let i = 0; i < 20; i++) {
      log.record({ type: 'entry', i });
      await log.settled();
    }
    await log.close();
    expect((await verifyAudit(await at(3))).problems).toEqual([]);
    await edit((all) => all.map((line, i) => (i === 0 ? line.replace('entry', 'other') : line)), 3);
    expect((await verifyAudit(await at(3))).problems).toHaveLength(1);
  });
});

describe('a disk that takes nothing', () => {
  it('is told once, and what was to be recorded follows when it takes something again', async () => {
    const { log, clock, faults } = await open();
    log.record({ type: 'entry', i: 1 });
    await log.settled();
    // The file goes away under the log, and cannot be made again.
    await rm(folder, { recursive: true });
    await writeFile(folder, 'not a folder');
    clock.advance(DAY_MS);
    for (let i = 2; i <= 4; i++) log.record({ type: 'entry', i });
    await log.settled();
    clock.advance(20_000);
    await log.settled();
    expect(faults).toHaveLength(1);
    await rm(folder);
    await mkdir(folder);
    clock.advance(5_000);
    await log.close();
    expect((await allLines()).map((line) => line['i'])).toEqual([2, 3, 4]);
  });
});

describe('a log that cannot be opened', () => {
  it('is told, does not pass for a new one, and takes what waited once it can be', async () => {
    await writeFile(folder, 'not a folder');
    const { log, clock, faults } = await open();
    expect([log.isNew, faults.length]).toEqual([false, 1]);
    log.record({ type: 'entry' });
    await rm(folder);
    clock.advance(5_000);
    await log.close();
    expect(await allLines()).toMatchObject([{ seq: 1, type: 'entry' }]);
  });
});

describe('a line of the log', () => {
  it('is nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const line = parseLine(Buffer.from(text));
        expect(line === undefined || Number.isInteger(line.seq)).toBe(true);
      }),
    );
    expect(parseLine(Buffer.from([0xff, 0xfe]))).toBeUndefined();
  });
});
