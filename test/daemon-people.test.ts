import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.js';
import { parseConfig } from '../src/config.js';
import { startDaemon } from '../src/daemon.js';
import type { DoorEvent } from '../src/events.js';
import { writeBackup } from '../src/identity/people-backup.js';
import { openPeople } from '../src/identity/people.js';
import { newTemplate } from './identity/people-fixtures.js';

const clock = systemClock;

/** The people file as the daemon has it: damage, secrets, and people who are to be forgotten. */
describe('the daemon and its people file', () => {
  let folder: string;
  let log: string[];
  let events: DoorEvent[];
  const file = (name: string) => join(folder, name);
  const key = () => ({ file: file('key') });

  const start = () =>
    startDaemon({
      config: parseConfig(
        JSON.stringify({
          camera: { adapter: 'folder', path: file('frames'), fps: 5 },
          people: { file: file('state/people.json'), keyFile: file('key') },
          mqtt: { embeddedPort: 0 },
        }),
        'test',
      ),
      clock,
      log: pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }),
      onEvent: (event) => events.push(event),
    });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'daemon-people-'));
    [log, events] = [[], []];
    await writeFile(file('key'), randomBytes(32), { mode: 0o600 });
    await mkdir(file('frames'));
    await sharp({ create: { width: 320, height: 240, channels: 3, background: '#567' } })
      .jpeg()
      .toFile(file('frames/wall.jpg'));
    const people = await openPeople({ file: file('state/people.json'), create: true, clock, key: key() });
    await people.add({ name: 'Annegret Lovelace', templates: [newTemplate(1, 512)] });
    await people.add({ name: 'Zoë Zubrzycki', templates: [newTemplate(2, 512)] });
    await people.add({ name: 'Kian Quispe', templates: [newTemplate(3, 512)] });
    await people.close();
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('goes on with the last good generation when a byte of the file was flipped, sets it aside and raises a fault', async () => {
    const path = file('state/people.json');
    const bytes = await readFile(path);
    bytes[Math.floor(bytes.length / 2)] ^= 0x10;
    await writeFile(path, bytes);
    const daemon = await start();
    await daemon.stop('test');
    expect(events.find(({ type }) => type === 'store_fault')).toMatchObject({
      reason: expect.stringMatching(/its checksum does not fit; .*people\.json\.1 of .* with 2 people is in use instead/),
    });
    const aside = (await readdir(file('state'))).filter((name) => name.includes('.corrupt-'));
    expect(aside).toHaveLength(1);
    expect(await readFile(file(`state/${aside[0]}`))).toEqual(bytes);
    const people = await openPeople({ file: path, create: false, clock, key: key() });
    expect(people.find('Annegret Lovelace')).toBeDefined();
    await people.close();
  });

  it('writes neither a name nor a run of an embedding in the clear: not in file, copies, backup or log', async () => {
    const daemon = await start();
    const visitor = await openPeople({ file: file('state/people.json'), create: false, clock, key: key() });
    await visitor.rename(visitor.get('Kian Quispe').id, 'Kian Q. Quispe');
    await visitor.add({ name: 'Mirela Marinescu', templates: [newTemplate(4, 512)] });
    await writeBackup(visitor.all(), { path: file('state/backup'), key: { passphrase: 'correct horse battery' }, clock });
    await visitor.close();
    await daemon.stop('test');

    const names = (await readdir(file('state'))).filter((name) => name.startsWith('people.json') || name === 'backup');
    expect(names).toEqual(expect.arrayContaining(['people.json', 'people.json.1', 'people.json.2', 'people.json.3', 'backup']));
    const written = await Promise.all(names.map((name) => readFile(file(`state/${name}`))));
    const everything = Buffer.concat([...written, Buffer.from(log.join(''))]);
    expect(log.length).toBeGreaterThan(0);
    for (const needle of ['Annegret', 'Lovelace', 'Zubrzycki', 'Quispe', 'Mirela', 'Marinescu']) {
      expect(everything.includes(needle), needle).toBe(false);
    }
    for (const n of [1, 2, 3, 4]) {
      const bytes = Buffer.from(newTemplate(n, 512).vector.buffer);
      const base64 = bytes.toString('base64');
      for (let at = 0; at + 8 <= bytes.length; at += 4) expect(everything.includes(bytes.subarray(at, at + 8))).toBe(false);
      for (let at = 0; at + 12 <= base64.length; at += 4) expect(everything.includes(base64.slice(at, at + 12))).toBe(false);
    }
  });

  it('forgets at start those whose time has come, and whoever a command line asks it to forget', async () => {
    const before = await openPeople({ file: file('state/people.json'), create: false, clock, key: key() });
    await before.update(before.get('Zoë Zubrzycki').id, { retainUntil: '2020-01-01T00:00:00Z' });
    await before.close();
    const daemon = await start();
    const visitor = await openPeople({ file: file('state/people.json'), create: false, clock, key: key() });
    expect(visitor.all().map(({ name }) => name)).toEqual(['Annegret Lovelace', 'Kian Quispe']);
    expect(await visitor.findFormer('Zoë Zubrzycki')).toBeUndefined();
    const { id } = visitor.get('Kian Quispe');
    await visitor.forget([id]);
    await visitor.close();
    await daemon.stop('test');
    const removed = events.filter(({ type }) => type === 'removed');
    expect(removed).toHaveLength(2);
    // The id alone is left: whose it was nobody knows any more.
    expect(removed[1]).toMatchObject({ person: { id, name: id } });
    expect(JSON.stringify(removed)).not.toMatch(/Zub|Quispe/);
    const audit = await Promise.all(
      (await readdir(file('state/audit'))).map((name) => readFile(file(`state/audit/${name}`), 'utf8')),
    );
    expect(audit.join('').match(/person_forgotten/g)).toHaveLength(2);
    const outbox = await readFile(file('state/outbox.journal'), 'utf8').catch(() => '');
    expect(outbox).not.toMatch(/Zub|Quispe/);
  });
});
