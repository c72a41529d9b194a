import { describe, expect, it } from 'vitest';
import { NewestFrame } from '../../src/camera/newest-frame.js';
import { settle } from './support.js';

const frame = (id: number) => ({ id });

async function take(from: AsyncIterable<{ id: number }>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of from) ids.push(id);
  return ids;
}

describe('NewestFrame', () => {
  it('hands over a frame to a consumer that waits', async () => {
    const newest = new NewestFrame<{ id: number }>();
    const taken = take(newest);
    for (const id of [1, 2, 3]) {
      await settle();
      newest.put(frame(id));
    }
    await settle();
    newest.end();
    expect(await taken).toEqual([1, 2, 3]);
  });

  it('replaces a frame that nobody took by the newer one', async () => {
    const newest = new NewestFrame<{ id: number }>();
    for (const id of [1, 2, 3]) newest.put(frame(id));
    newest.end();
    expect(await take(newest)).toEqual([3]);
  });

  it('gives a slow consumer the newest frame each time, in order', async () => {
    const newest = new NewestFrame<{ id: number }>();
    const seen: number[] = [];
    const consumer = (async () => {
      for await (const { id } of newest) {
        seen.push(id);
        await settle();
      }
    })();
    for (let id = 1; id <= 50; id++) {
      newest.put(frame(id));
      await new Promise((resolve) => setImmediate(resolve));
    }
    newest.end();
    await consumer;
    expect(seen.length).toBeLessThan(40);
    expect(seen.at(-1)).toBe(50);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it('hands over the last frame before the end, and before the error', async () => {
    const newest = new NewestFrame<{ id: number }>();
    newest.put(frame(1));
    newest.end(new Error('unplugged'));
    const frames = newest[Symbol.asyncIterator]();
    expect(await frames.next()).toEqual({ done: false, value: frame(1) });
    await expect(frames.next()).rejects.toThrow('unplugged');
  });

  it('shows nothing any more once it is abandoned', async () => {
    const newest = new NewestFrame<{ id: number }>();
    newest.put(frame(1));
    newest.abandon();
    newest.put(frame(2));
    expect(await take(newest)).toEqual([]);
  });

  it('wakes a consumer that waits when it is abandoned', async () => {
    const newest = new NewestFrame<{ id: number }>();
    const taken = take(newest);
    await settle();
    newest.abandon();
    expect(await taken).toEqual([]);
  });

  it('ends as its source ends', async () => {
    const source = async function* (failure?: Error) {
      yield frame(1);
      await settle();
      yield frame(2);
      if (failure) throw failure;
    };
    const good = new NewestFrame<{ id: number }>();
    await Promise.all([good.fill(source()), expect(take(good)).resolves.toEqual([1, 2])]);
    const bad = new NewestFrame<{ id: number }>();
    await Promise.all([bad.fill(source(new Error('no folder'))), expect(take(bad)).rejects.toThrow('no folder')]);
  });
});
