import fc from 'fast-check';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockoutFile } from '../../src/access/lockout-file.js';
import { afterFailure, lockoutRules, noFailures, openLockout, type Lockout } from '../../src/access/lockout.js';
import { defaultConfig } from '../../src/config.js';
import type { Happening } from '../../src/events.js';
import { nodeDisk } from '../../src/identity/people-file/disk.js';
import { FakeClock } from '../fakes/fake-clock.js';

const rules = { failures: 5, firstMs: 30_000, maxMs: 900_000 };
const YEARS_MS = 20 * 365 * 86_400_000;

let folder: string;
let path: string;
let opened: Lockout[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-lockout-'));
  path = join(folder, 'lockout.json');
  opened = [];
});
afterEach(async () => {
  await Promise.all(opened.map((lockout) => lockout.stop()));
  await rm(folder, { recursive: true });
});

async function open(firstStart = false, clock = new FakeClock()) {
  const events: Happening[] = [];
  const emit = (happening: Happening) => events.push(happening);
  const lockout = await openLockout({ rules, file: new LockoutFile(path, nodeDisk), clock, emit, firstStart });
  opened.push(lockout);
  return { lockout, clock, events };
}

const fail = (lockout: Lockout, times: number) => Array.from({ length: times }).forEach(() => lockout.failed());

describe('the series of failures', () => {
  it('is delayed from the fifth on, each time twice as long, up to the most', () => {
    let series = noFailures;
    const delays = Array.from({ length: 12 }, () => {
      const after = afterFailure(series, rules);
      series = after.series;
      return (after.lockoutMs ?? 0) / 1000;
    });
    expect(delays).toEqual([0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
  });

  it('never waits less than before, and never beyond the limit', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.nat(10_000), (failures, lockouts) => {
        const first = afterFailure({ failures, lockouts }, rules);
        const second = afterFailure(first.series, rules);
        expect(second.lockoutMs ?? 0).toBeGreaterThanOrEqual(first.lockoutMs ?? 0);
        expect(first.lockoutMs ?? 0).toBeLessThanOrEqual(rules.maxMs);
        expect(first.lockoutMs !== undefined).toBe(failures + 1 >= rules.failures);
      }),
    );
  });

  it('is 5 long, 10 with liveness, and may only be set shorter (NIST SP 800-63B-4 section 3.2.3)', () => {
    const { lockout } = defaultConfig();
    expect(lockoutRules(lockout, false)).toEqual({ failures: 5, firstMs: 30_000, maxMs: 900_000 });
    expect(lockoutRules(lockout, true).failures).toBe(10);
    expect(lockoutRules({ ...lockout, failures: 3 }, true).failures).toBe(3);
    expect(lockoutRules({ ...lockout, failures: 8 }, false).failures).toBe(5);
  });
});

describe('a lockout', () => {
  it('begins with the fifth failure, says so, and ends by itself', async () => {
    const { lockout, clock, events } = await open(true);
    fail(lockout, 4);
    expect([lockout.remainingMs(), events]).toEqual([0, []]);
    lockout.failed();
    expect(events).toEqual([{ type: 'lockout', durationMs: 30_000, failures: 5 }]);
    clock.advance(29_999);
    expect(lockout.remainingMs()).toBe(1);
    clock.advance(1);
    expect(lockout.remainingMs()).toBe(0);
  });

  it('counts nothing while it lasts, and the next failure begins one twice as long', async () => {
    const { lockout, clock, events } = await open(true);
    fail(lockout, 9);
    clock.advance(30_000);
    lockout.failed();
    expect(events).toEqual([
      { type: 'lockout', durationMs: 30_000, failures: 5 },
      { type: 'lockout', durationMs: 60_000, failures: 6 },
    ]);
  });

  it('is over, with all it grew from, when somebody is let in', async () => {
    const { lockout, events } = await open(true);
    fail(lockout, 5);
    lockout.clear();
    expect(lockout.remainingMs()).toBe(0);
    fail(lockout, 4);
    expect(events).toHaveLength(1);
  });

  it.each([YEARS_MS, -YEARS_MS])('neither ends nor lasts longer when the wall clock jumps by %d ms', async (jump) => {
    const { lockout, clock } = await open(true);
    fail(lockout, 5);
    clock.jumpWallTime(jump);
    clock.advance(10_000);
    expect(lockout.remainingMs()).toBe(20_000);
  });
});

describe('a lockout over a restart', () => {
  it('goes on for what was left, whatever the wall clock reads then and however long the power was off', async () => {
    const before = await open(true);
    fail(before.lockout, 5);
    before.clock.advance(12_345);
    await before.lockout.stop();

    const after = await open(false, new FakeClock(new Date('1970-01-01T00:00:00Z')));
    expect(after.lockout.remainingMs()).toBe(17_655);
    expect(after.events).toEqual([{ type: 'lockout', durationMs: 17_655, failures: 5 }]);
    after.clock.advance(17_655);
    after.lockout.failed();
    expect(after.events.at(-1)).toEqual({ type: 'lockout', durationMs: 60_000, failures: 6 });
  });

  it('remembers failures that brought none yet', async () => {
    const before = await open(true);
    fail(before.lockout, 4);
    await before.lockout.stop();
    const after = await open();
    expect(after.events).toEqual([]);
    after.lockout.failed();
    expect(after.events).toEqual([{ type: 'lockout', durationMs: 30_000, failures: 5 }]);
  });

  it('is at most five seconds longer after a kill', async () => {
    const before = await open(true);
    fail(before.lockout, 5);
    before.clock.advance(14_000);
    await expect.poll(async () => (JSON.parse(await readFile(path, 'utf8')) as { remainingMs: number }).remainingMs).toBe(20_000);
    expect((await open()).lockout.remainingMs()).toBe(20_000);
  });

  it.each([
    ['empty', ''],
    ['torn', '{"version":1,"failures":5,"lock'],
    ['of another version', '{"version":2,"failures":0,"lockouts":0,"remainingMs":0}'],
    ['of negative numbers', '{"version":1,"failures":-1,"lockouts":0,"remainingMs":0}'],
    ['not JSON', '\0\0\0\0'],
  ])('begins anew, and is told, where its file is %s', async (_, content) => {
    await writeFile(path, content);
    const { lockout, events } = await open();
    expect(lockout.remainingMs()).toBe(30_000);
    expect(events.map(({ type }) => type)).toEqual(['store_fault', 'lockout']);
    await lockout.stop();
    expect((await open()).events.map(({ type }) => type)).toEqual(['lockout']);
  });

  it('begins anew where its file was taken away, but not at the very first start', async () => {
    const first = await open(true);
    expect(first.events).toEqual([]);
    await expect.poll(() => readFile(path, 'utf8')).toContain('"failures":0');
    await first.lockout.stop();
    await rm(path);
    const { lockout, events } = await open(false);
    expect(lockout.remainingMs()).toBe(30_000);
    expect(events.map(({ type }) => type)).toEqual(['store_fault', 'lockout']);
    expect(events[0]).toMatchObject({ reason: expect.stringContaining('it is missing') });
  });

  it('writes nothing for grants that end no series', async () => {
    const { lockout } = await open(true);
    await expect.poll(() => readFile(path, 'utf8')).toContain('"failures":0');
    const before = await stat(path);
    Array.from({ length: 10 }).forEach(() => lockout.clear());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await stat(path)).ino).toBe(before.ino);
  });

  it('does not outlast the longest of the present configuration', async () => {
    await writeFile(path, '{"version":1,"failures":5,"lockouts":90,"remainingMs":99999999}');
    expect((await open()).lockout.remainingMs()).toBe(900_000);
  });

  it('holds, and is told, where its file cannot be written', async () => {
    path = join(folder, 'a file', 'lockout.json');
    await writeFile(join(folder, 'a file'), '');
    const { lockout, events } = await open(true);
    fail(lockout, 5);
    expect(lockout.remainingMs()).toBe(30_000);
    await lockout.stop();
    expect(events.some(({ type }) => type === 'store_fault')).toBe(true);
  });

  it('is for its owner alone to read', async () => {
    const { lockout } = await open(true);
    await lockout.stop();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
