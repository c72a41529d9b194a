import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EventValue } from '../../src/messages/event-value.js';
import { OutboxQueue, type Entry } from '../../src/messages/outbox-queue.js';

const roomy = { maxEvents: 1_000, maxBytes: 1_000_000, maxAgeMs: 1_000 };
const entry = (seq: number, value: EventValue, changes: Partial<Entry> = {}): Entry => ({
  seq,
  value,
  time: '2026-01-05T08:00:00.000Z',
  madeMs: seq,
  json: '{"x":1}',
  ...changes,
});
const seqs = (entries: Iterable<Entry>) => [...entries].map(({ seq }) => seq);

describe('the queue of the outbox', () => {
  it('keeps the order of making across values', () => {
    const queue = new OutboxQueue(roomy);
    for (const [index, value] of ([2, 0, 1, 2, 3, 0] as const).entries()) queue.add(entry(index + 1, value));
    expect(seqs(queue.entries())).toEqual([1, 2, 3, 4, 5, 6]);
    expect(queue.after(3)?.seq).toBe(4);
    expect(queue.remove(4)?.seq).toBe(4);
    expect(queue.remove(4)).toBeUndefined();
    expect(queue.after(3)?.seq).toBe(5);
    expect(queue.after(6)).toBeUndefined();
  });

  it('gives up the oldest of the least value when there are too many', () => {
    const queue = new OutboxQueue({ ...roomy, maxEvents: 3 });
    queue.add(entry(1, 2));
    queue.add(entry(2, 1));
    queue.add(entry(3, 1));
    expect(seqs(queue.add(entry(4, 2)))).toEqual([2]);
    expect(seqs(queue.add(entry(5, 2)))).toEqual([3]);
    expect(seqs(queue.add(entry(6, 0)))).toEqual([6]);
    expect(seqs(queue.add(entry(7, 2)))).toEqual([1]);
    expect(seqs(queue.entries())).toEqual([4, 5, 7]);
  });

  it('gives up as many as it takes when they are too large', () => {
    const queue = new OutboxQueue({ ...roomy, maxBytes: 30 });
    for (const seq of [1, 2, 3]) queue.add(entry(seq, 1, { json: 'x'.repeat(10) }));
    expect(seqs(queue.add(entry(4, 1, { json: 'x'.repeat(15) })))).toEqual([1, 2]);
    expect(queue.bytes).toBe(25);
  });

  it('gives up what is too old', () => {
    const queue = new OutboxQueue(roomy);
    for (const [seq, value] of [
      [1, 2],
      [2, 0],
      [3, 2],
    ] as const)
      queue.add(entry(seq, value, { madeMs: seq * 100 }));
    expect(queue.expire(1_100)).toEqual([]);
    expect(seqs(queue.expire(1_250))).toEqual([1, 2]);
    expect(seqs(queue.entries())).toEqual([3]);
  });

  it('is the same as a plain list, whatever is done with it', () => {
    const action = fc.oneof(
      fc.record({ add: fc.constantFrom<EventValue>(0, 1, 2, 3), size: fc.integer({ min: 1, max: 40 }) }),
      fc.record({ remove: fc.integer({ min: 1, max: 60 }) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const limits = { maxEvents: 8, maxBytes: 150, maxAgeMs: 1_000 };
        const queue = new OutboxQueue(limits);
        let plain: Entry[] = [];
        let seq = 0;
        for (const step of actions) {
          if ('add' in step) {
            const added = entry(++seq, step.add, { json: 'x'.repeat(step.size) });
            plain.push(added);
            const gone = queue.add(added);
            for (const lost of gone) {
              const least = Math.min(...plain.map(({ value }) => value));
              expect(lost.seq).toBe(plain.find(({ value }) => value === least)?.seq);
              plain = plain.filter((other) => other.seq !== lost.seq);
            }
          } else {
            expect(queue.remove(step.remove)?.seq).toBe(plain.find((other) => other.seq === step.remove)?.seq);
            plain = plain.filter((other) => other.seq !== step.remove);
          }
          const bytes = plain.reduce((sum, { json }) => sum + json.length, 0);
          expect(seqs(queue.entries())).toEqual(seqs(plain));
          expect([queue.count, queue.bytes]).toEqual([plain.length, bytes]);
          expect(plain.length <= limits.maxEvents && bytes <= limits.maxBytes).toBe(true);
        }
      }),
    );
  });
});
