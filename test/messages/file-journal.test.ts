import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FileJournal } from '../../src/messages/file-journal.js';
import type { Entry } from '../../src/messages/outbox-queue.js';
import { granted, stamp, temporaryFolder } from './support.js';

const entry = (seq: number): Entry => {
  const event = seq % 2 === 0 ? stamp({ type: 'opened' }) : granted(seq);
  return { seq, value: event.type === 'granted' ? 2 : 1, time: event.time, madeMs: seq * 10, json: JSON.stringify(event) };
};

async function journalAt(path: string) {
  const journal = new FileJournal(path);
  onTestFinished(() => journal.close());
  return { journal, remembered: await journal.open() };
}

describe('a journal in a file', () => {
  it('begins empty, in a folder that it makes', async () => {
    const path = join(temporaryFolder(), 'state', 'outbox');
    const { journal, remembered } = await journalAt(path);
    expect(remembered).toEqual({ entries: [], nextSeq: 1, clockMs: 0, unreadable: 0 });
    await journal.replace([], 0);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(journal.bytes).toBe(statSync(path).size);
  });

  it('remembers what was added and not what is gone', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal } = await journalAt(path);
    const entries = [1, 2, 3, 4].map(entry);
    await journal.replace([], 0);
    await journal.write(entries.slice(0, 3), [], 30);
    await journal.write(entries.slice(3), [1, 3], 45);
    expect(journal.bytes).toBe(statSync(path).size);
    await journal.close();
    await journal.close();
    const { remembered } = await journalAt(path);
    expect(remembered).toEqual({ entries: [entries[1], entries[3]], nextSeq: 5, clockMs: 45, unreadable: 0 });
  });

  it('forgets nothing that was written before when it is torn anywhere', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'outbox');
    const { journal } = await journalAt(path);
    await journal.replace([1, 2].map(entry), 0);
    const safe = journal.bytes;
    await journal.write([3, 4].map(entry), [], 0);
    const whole = readFileSync(path);
    for (let length = safe; length <= whole.length; length++) {
      const torn = join(folder, 'torn');
      writeFileSync(torn, whole.subarray(0, length));
      const { remembered } = await journalAt(torn);
      const kept = remembered.entries.map(({ seq }) => seq);
      expect(kept.slice(0, 2)).toEqual([1, 2]);
      expect(kept).toEqual([1, 2, 3, 4].slice(0, kept.length));
      expect(remembered.unreadable).toBeLessThanOrEqual(1);
    }
  });

  it('passes over a damaged line and reads the next', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal } = await journalAt(path);
    await journal.replace([1, 2, 3].map(entry), 0);
    const lines = readFileSync(path, 'utf8').split('\n');
    const damaged = lines.map((line) => (line.includes('"seq":2') ? line.replace('opened', 'opEned') : line));
    writeFileSync(path, damaged.join('\n') + '\0'.repeat(4096));
    const { remembered } = await journalAt(path);
    expect(remembered.entries.map(({ seq }) => seq)).toEqual([1, 3]);
    expect(remembered.unreadable).toBe(2);
  });

  it('replaces all that was written, and goes on behind it', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal } = await journalAt(path);
    await journal.replace([], 0);
    await journal.write([1, 2, 3].map(entry), [], 0);
    await journal.replace([entry(3)], 70);
    await journal.write([entry(4)], [], 80);
    const { remembered } = await journalAt(path);
    expect(remembered.entries.map(({ seq }) => seq)).toEqual([3, 4]);
    expect(remembered.clockMs).toBe(70);
    expect(existsSync(`${path}.tmp`)).toBe(false);
  });

  it('keeps a file that cannot be read beside the new one', async () => {
    const path = join(temporaryFolder(), 'outbox');
    // A folder stands for what root, too, cannot read.
    mkdirSync(path);
    const journal = new FileJournal(path);
    onTestFinished(() => journal.close());
    await expect(journal.open()).rejects.toThrow('EISDIR');
    await journal.replace([entry(1)], 0);
    expect(statSync(`${path}.unread`).isDirectory()).toBe(true);
    expect((await journalAt(path)).remembered.entries).toHaveLength(1);
  });

  it('refuses to write before it is open', async () => {
    await expect(new FileJournal('/nonexistent/outbox').write([entry(1)], [], 0)).rejects.toThrow('not open');
  });
});
