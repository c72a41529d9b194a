import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { configSchema, type Config } from '../src/config-schema.js';
import type { Entry } from '../src/messages/outbox-queue.js';
import { forgetWaitingEvents, openOutbox, outboxFile, rekeyWaitingEvents } from '../src/outbox-file.js';
import { granted, stamp, temporaryFolder } from './messages/support.js';

const events = [granted(1), stamp({ type: 'opened' })];
const entries = events.map((event, i): Entry => {
  return { seq: i + 1, value: event.type === 'granted' ? 2 : 1, time: event.time, madeMs: 0, json: JSON.stringify(event) };
});

describe('the events that wait, where no daemon runs', () => {
  let folder: string;
  let old: Config;
  let next: Config;
  beforeEach(async () => {
    folder = temporaryFolder();
    const configOf = (key: string) => {
      writeFileSync(join(folder, key), randomBytes(32), { mode: 0o600 });
      return configSchema.parse({ people: { file: join(folder, 'state', 'people.json'), keyFile: join(folder, key) } });
    };
    [old, next] = ['old.key', 'next.key'].map(configOf);
    mkdirSync(join(folder, 'state'));
    const journal = openOutbox(old);
    await journal.open();
    await journal.replace(entries, 0);
    await journal.close();
  });

  const waiting = async (config: Config) => {
    const journal = openOutbox(config);
    return (await journal.open()).entries;
  };

  it('get the key that the people file has got, also when they are asked twice', async () => {
    const to = { file: join(folder, 'next.key') };
    expect(await rekeyWaitingEvents(old, to)).toEqual([]);
    expect(await rekeyWaitingEvents(old, to)).toEqual([]);
    expect(await waiting(next)).toEqual(entries);
    await expect(waiting(old)).rejects.toThrow('another key');
    expect(await rekeyWaitingEvents(next, undefined)).toEqual([]);
    expect(readFileSync(outboxFile(next), 'utf8')).toContain('Kian');
  });

  it('are left as they are where neither key opens them', async () => {
    writeFileSync(join(folder, 'third.key'), randomBytes(32), { mode: 0o600 });
    const before = readFileSync(outboxFile(old));
    expect(await rekeyWaitingEvents(next, { file: join(folder, 'third.key') })).toEqual([outboxFile(old)]);
    expect(readFileSync(outboxFile(old))).toEqual(before);
  });

  it('lose who is forgotten; so does what could not be read and was kept', async () => {
    writeFileSync(`${outboxFile(old)}.unread`, 'Kian');
    await forgetWaitingEvents(old, ['p1']);
    expect(await waiting(old)).toEqual(entries.slice(1));
    expect(existsSync(`${outboxFile(old)}.unread`)).toBe(false);
  });

  it('that cannot be opened may hold who is forgotten, and are deleted', async () => {
    await forgetWaitingEvents(next, ['p2']);
    expect(await waiting(next)).toEqual([]);
    expect(existsSync(`${outboxFile(old)}.unread`)).toBe(false);
  });
});
