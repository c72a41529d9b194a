import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { DoorEvent } from '../../src/events.js';
import { FileJournal } from '../../src/messages/file-journal.js';
import { NoJournal, type Journal, type Remembered } from '../../src/messages/journal.js';
import { Outbox } from '../../src/messages/outbox.js';
import type { Entry } from '../../src/messages/outbox-queue.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { eventually, granted, RecordingLog, stamp, temporaryFolder } from './support.js';

function makeOutbox(journal: Journal = new NoJournal(), limits: object = {}, clock = new FakeClock()) {
  const log = new RecordingLog();
  let ready = 0;
  const outbox = new Outbox({
    limits: { maxEvents: 100, maxBytes: 100_000, maxAgeMs: 3_600_000, ...limits },
    journal,
    clock,
    log,
    stamp,
    onReady: () => ready++,
  });
  onTestFinished(() => outbox.stop());
  return { outbox, log, clock, ready: () => ready };
}

const waiting = (outbox: Outbox): DoorEvent[] => {
  const events: DoorEvent[] = [];
  for (let entry = outbox.next(0); entry; entry = outbox.next(entry.seq)) events.push(JSON.parse(entry.json) as DoorEvent);
  return events;
};
const tracks = (outbox: Outbox) => waiting(outbox).map((event) => ('track' in event ? event.track : event.type));

/** Writes to memory when it is let; each call can be held up or made to fail. */
class SlowJournal implements Journal {
  bytes = 0;
  readonly calls: string[] = [];
  hold: Promise<void> = Promise.resolve();
  failure: Error | undefined;

  open(): Promise<Remembered> {
    return Promise.resolve({ entries: [], nextSeq: 1, clockMs: 0, unreadable: 0 });
  }
  async write(added: readonly Entry[], gone: readonly number[]): Promise<void> {
    await this.#call(`write ${added.map(({ seq }) => seq).join()} / ${gone.join()}`);
  }
  async replace(entries: readonly Entry[]): Promise<void> {
    await this.#call(`replace ${entries.map(({ seq }) => seq).join()}`);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
  dropUnread(): Promise<void> {
    return Promise.resolve();
  }
  async #call(name: string): Promise<void> {
    this.calls.push(name);
    await this.hold;
    if (this.failure) throw this.failure;
  }
}

describe('the outbox', () => {
  it('hands an event out only when it has been written', async () => {
    const journal = new SlowJournal();
    const { outbox, ready } = makeOutbox(journal);
    await outbox.start();
    let release = () => {};
    journal.hold = new Promise((resolve) => (release = resolve));
    const written = outbox.append(granted(1));
    await eventually(() => expect(journal.calls).toContain('write 1 / '));
    expect(outbox.next(0)).toBeUndefined();
    const before = ready();
    release();
    expect(await written).toBe(true);
    expect(ready()).toBe(before + 1);
    expect(tracks(outbox)).toEqual([1]);
  });

  it('says when all that was made so far is written, whatever is made later', async () => {
    const journal = new SlowJournal();
    const { outbox } = makeOutbox(journal);
    await outbox.start();
    await outbox.settled();
    let release = () => {};
    journal.hold = new Promise((resolve) => (release = resolve));
    void outbox.append(granted(1));
    const order: string[] = [];
    const settled = outbox.settled().then(() => order.push('settled'));
    await eventually(() => expect(journal.calls).toContain('write 1 / '));
    void outbox.append(granted(2)).then(() => order.push('second'));
    expect(order).toEqual([]);
    release();
    await settled;
    expect(order).toEqual(['settled']);
  });

  it('writes together what was made while the disk was busy', async () => {
    const journal = new SlowJournal();
    const { outbox } = makeOutbox(journal);
    await outbox.start();
    let release = () => {};
    journal.hold = new Promise((resolve) => (release = resolve));
    const first = outbox.append(granted(1));
    await eventually(() => expect(journal.calls).toContain('write 1 / '));
    const others = [2, 3, 4].map((track) => outbox.append(granted(track)));
    release();
    await Promise.all([first, ...others]);
    expect(journal.calls.slice(1)).toEqual(['write 1 / ', 'write 2,3,4 / ']);
  });

  it('forgets what was acknowledged, and remembers the rest in order across a restart', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const first = makeOutbox(new FileJournal(path));
    await first.outbox.start();
    await Promise.all([1, 2, 3, 4].map((track) => first.outbox.append(granted(track))));
    for (const seq of [1, 3, 3, 99]) first.outbox.acknowledge(seq);
    await first.outbox.stop();
    await first.outbox.stop();

    const second = makeOutbox(new FileJournal(path));
    await second.outbox.start();
    expect(tracks(second.outbox)).toEqual([2, 4]);
    await second.outbox.append(granted(5));
    expect(tracks(second.outbox)).toEqual([2, 4, 5]);
    expect(second.outbox.status).toMatchObject({ events: 3, dropped: 0 });
  });

  it('puts events made before its start behind those of the last run', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const first = makeOutbox(new FileJournal(path));
    await first.outbox.start();
    await first.outbox.append(granted(1));
    await first.outbox.stop();
    const second = makeOutbox(new FileJournal(path));
    const early = second.outbox.append(granted(2));
    await second.outbox.start();
    expect(await early).toBe(true);
    expect(tracks(second.outbox)).toEqual([1, 2]);
  });

  it('tells in one event how many it had to give up', async () => {
    const { outbox } = makeOutbox(undefined, { maxEvents: 10 });
    await outbox.start();
    for (let track = 1; track <= 8; track++) await outbox.append(granted(track));
    for (let count = 0; count < 50; count++)
      await outbox.append(stamp({ type: 'command_rejected', command: 'unlock', reason: 'rate' }));
    const events = waiting(outbox);
    expect(events.filter(({ type }) => type === 'granted')).toHaveLength(8);
    const notices = events.filter((event) => event.type === 'dropped');
    expect(notices).toHaveLength(1);
    expect(notices[0]?.count).toBe(50 - (10 - 8 - 1));
    expect(outbox.status).toMatchObject({ events: 10, dropped: 49 });
  });

  it('begins a new count once the last one has been handed out', async () => {
    const { outbox } = makeOutbox(undefined, { maxEvents: 10 });
    await outbox.start();
    for (let track = 1; track <= 12; track++) await outbox.append(granted(track));
    expect(waiting(outbox).filter(({ type }) => type === 'dropped')).toMatchObject([{ count: 3 }]);
    await outbox.append(granted(13));
    await eventually(() => {
      const counts = waiting(outbox).flatMap((event) => (event.type === 'dropped' ? [event.count] : []));
      expect(counts).toEqual([3, 2]);
      expect(outbox.status.dropped).toBe(5);
    });
  });

  it('lets one event not push out all the others', async () => {
    const { outbox } = makeOutbox();
    await outbox.start();
    await outbox.append(granted(1));
    expect(await outbox.append(stamp({ type: 'camera_fault', reason: 'x'.repeat(20_000) }))).toBe(true);
    expect(tracks(outbox)).toEqual([1, 'dropped']);
  });

  it('counts age while it runs, across restarts, whatever the wall clock does', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const first = makeOutbox(new FileJournal(path), { maxAgeMs: 10_000 });
    await first.outbox.start();
    await first.outbox.append(granted(1));
    first.clock.jumpWallTime(1e12);
    first.clock.advance(6_000);
    await first.outbox.append(granted(2));
    expect(tracks(first.outbox)).toEqual([1, 2]);
    await first.outbox.stop();

    const second = makeOutbox(new FileJournal(path), { maxAgeMs: 10_000 });
    await second.outbox.start();
    second.clock.advance(3_000);
    await second.outbox.append(granted(3));
    expect(tracks(second.outbox)).toEqual([1, 2, 3]);
    second.clock.advance(3_000);
    await second.outbox.append(granted(4));
    expect(tracks(second.outbox)).toEqual([2, 3, 4, 'dropped']);
  });

  it('rewrites its journal when the dead outweigh the living', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const journal = new FileJournal(path);
    const { outbox } = makeOutbox(journal, { maxEvents: 10_000, maxBytes: 10_000_000 });
    await outbox.start();
    for (let round = 0; round < 20; round++) {
      await Promise.all(Array.from({ length: 100 }, (_, track) => outbox.append(granted(track))));
      for (let entry = outbox.next(0); entry; entry = outbox.next(entry.seq)) outbox.acknowledge(entry.seq);
    }
    await outbox.append(granted(7));
    expect(journal.bytes).toBeLessThan(150_000);
    const again = makeOutbox(new FileJournal(path));
    await again.outbox.start();
    expect(tracks(again.outbox)).toEqual([7]);
  });

  it('publishes what it cannot write, says so, and writes everything anew when it can', async () => {
    const journal = new SlowJournal();
    const { outbox, log, clock } = makeOutbox(journal);
    await outbox.start();
    await outbox.append(granted(1));
    journal.failure = new Error('ENOSPC: no space left on device');
    expect(await outbox.append(granted(2))).toBe(false);
    expect(outbox.status.problem).toContain('ENOSPC');
    expect(await outbox.append(granted(3))).toBe(false);
    expect(tracks(outbox)).toEqual([1, 2, 3]);
    expect(log.lines.filter((line) => line.startsWith('error'))).toHaveLength(1);
    journal.failure = undefined;
    clock.advance(5_000);
    await eventually(() => expect(outbox.status.problem).toBeUndefined());
    expect(journal.calls.at(-1)).toBe('replace 1,2,3');
    expect(await outbox.append(granted(4))).toBe(true);
    expect(journal.calls.at(-1)).toBe('write 4 / ');
  });

  it('forgets people: what waits about them, and what was written about them before', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { outbox } = makeOutbox(new FileJournal(path));
    await outbox.start();
    const of = (id: string, name: string) => stamp({ type: 'removed', person: { id, name } });
    await outbox.append(of('ann', 'Annegret'));
    await outbox.append(of('bob', 'Bob'));
    await outbox.append(stamp({ type: 'enroll_again', people: [{ id: 'cem', name: 'Cem' }], encoder: 'e' }));
    await outbox.append(of('ann', 'Annegret'));
    outbox.acknowledge(1);
    await outbox.forget(['ann', 'cem']);
    expect(waiting(outbox).map((event) => 'person' in event && event.person.name)).toEqual(['Bob']);
    const text = await readFile(path, 'utf8');
    expect(text).toContain('Bob');
    expect(text).not.toMatch(/Annegret|Cem/);
    // Those who bear the name later are others.
    await outbox.append(of('ann', 'ann'));
    expect(waiting(outbox)).toHaveLength(2);
  });
});
