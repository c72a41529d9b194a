import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeySource } from '../../src/identity/people-file/key.js';
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

describe('a journal that is sealed', () => {
  const key = { passphrase: 'correct horse battery' };
  const entries = [1, 2, 3].map(entry);

  function sealedAt(path: string, source: KeySource = key) {
    const journal = new FileJournal(path, source);
    onTestFinished(() => journal.close());
    return { journal, open: () => journal.open() };
  }

  it('shows no name, and remembers everything with its key', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal, open } = sealedAt(path);
    await open();
    await journal.replace(entries.slice(0, 1), 5);
    await journal.write(entries.slice(1), [2], 30);
    await journal.close();
    const text = readFileSync(path, 'latin1');
    for (const word of ['Kian', 'granted', 'distance', 'event"']) expect(text).not.toContain(word);
    const again = sealedAt(path);
    expect(await again.open()).toEqual({ entries: [entries[0], entries[2]], nextSeq: 4, clockMs: 30, unreadable: 0 });
    // The same key, derived once: a passphrase is slow.
    await again.journal.replace(entries, 30);
    expect(readFileSync(path, 'utf8').split('\n')[0]).toBe(text.split('\n')[0]);
  });

  it('passes over a line that was tampered with, whatever its checksum says', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal, open } = sealedAt(path);
    await open();
    await journal.replace(entries, 0);
    const lines = readFileSync(path, 'utf8').split('\n');
    const forged = `A${lines[3].slice(10)}`;
    lines[3] = `${crc32(forged).toString(16).padStart(8, '0')} ${forged}`;
    writeFileSync(path, lines.join('\n'));
    expect(await sealedAt(path).open()).toMatchObject({ entries: [entries[0], entries[2]], unreadable: 1 });
  });

  it('seals what stood there in the clear, at the next start', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal } = await journalAt(path);
    await journal.replace(entries, 7);
    const { journal: sealed, open } = sealedAt(path);
    const remembered = await open();
    expect(remembered.entries).toEqual(entries);
    await sealed.replace(remembered.entries, remembered.clockMs);
    expect(readFileSync(path, 'latin1')).not.toContain('Kian');
  });

  it('of another key is kept beside and goes on anew, never in the clear; what is kept goes with the forgotten', async () => {
    const path = join(temporaryFolder(), 'outbox');
    const { journal, open } = sealedAt(path);
    await open();
    await journal.replace(entries, 0);
    const before = readFileSync(path);
    const other = sealedAt(path, { passphrase: 'another horse battery' });
    await expect(other.open()).rejects.toThrow('another key');
    await other.journal.replace(entries, 0);
    expect(readFileSync(path, 'latin1')).not.toContain('Kian');
    expect(readFileSync(`${path}.unread`)).toEqual(before);
    await other.journal.dropUnread();
    expect(existsSync(`${path}.unread`)).toBe(false);
    const none = sealedAt(join(temporaryFolder(), 'outbox'), { file: '/no/such/key' });
    await expect(none.open()).rejects.toMatchObject({ code: 'PEOPLE_KEY_INVALID' });
    await expect(none.journal.replace(entries, 0)).rejects.toThrow('key');
  });
});
