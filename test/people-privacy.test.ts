import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playVisitors, portrait, resident } from '../scripts/demo/visitors.js';
import { mustBeDiscreet, withoutNames } from '../src/commands/event-names.js';
import type { DoorEvent } from '../src/events.js';
import { eventually, freePort } from './messages/support.js';
import { facelatch, start } from './support/cli.js';
import { samples } from './support/photographs.js';

const NAME = 'Annegret Zubrzycki';

interface Exported {
  readonly people: readonly { readonly templates: readonly { readonly vector: readonly number[] }[] }[];
}

describe('a door whose people file is encrypted', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-privacy-'));
    await playVisitors(join(folder, 'frames'), samples, [resident.atTheDoor]);
    await writeFile(join(folder, 'portrait.jpg'), await portrait(samples, resident.enrolled));
    await writeFile(join(folder, 'people.key'), randomBytes(32), { mode: 0o600 });
    await writeFile(
      join(folder, 'facelatch.yaml'),
      JSON.stringify({
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
        people: { keyFile: join(folder, 'people.key') },
        relay: { adapter: 'simulated', pulseMs: 300 },
        liveness: { passive: false },
        access: { maxFrameAgeMs: 10_000, expireMs: 5_000, againMs: 1_000 },
        log: { level: 'trace' },
        mqtt: { url: `mqtt://127.0.0.1:${await freePort()}` },
      }),
    );
    expect(await facelatch(folder, ['enroll', NAME, 'portrait.jpg', '--largest-face'])).toMatchObject({ status: 0 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('shows neither a name nor a run of an embedding in its logs and files, whoever comes and goes', async () => {
    const door = start(folder, ['run'], { FACELATCH_LOG: 'trace' });
    let log = '';
    for (const stream of [door.stdout, door.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const closed = new Promise((resolve) => door.once('close', resolve));
    try {
      await eventually(() => expect(log).toContain('GRANTED'));
      const exported = JSON.parse((await facelatch(folder, ['people', 'export', '-'])).stdout) as Exported;
      const { id } = JSON.parse((await facelatch(folder, ['--json', 'people', 'show', NAME])).stdout) as { id: string };
      expect(log).toContain(id);
      expect((await facelatch(folder, ['people', 'rename', NAME, `${NAME} II`])).status).toBe(0);
      await eventually(() => expect(log.split('GRANTED').length).toBeGreaterThan(2));
      const backup = ['people', 'backup', join(folder, 'state', 'backup')];
      expect((await facelatch(folder, backup)).status).toBe(0);

      const vector = Buffer.from(Float32Array.from(exported.people[0].templates[0].vector).buffer);
      const base64 = vector.toString('base64');
      const files = (await readdir(join(folder, 'state'), { recursive: true, withFileTypes: true })).filter((entry) =>
        entry.isFile(),
      );
      expect(files.map(({ name }) => name)).toEqual(expect.arrayContaining(['people.json', 'people.json.1', 'backup']));
      const kept: [string, Buffer][] = [['log', Buffer.from(log)]];
      for (const { parentPath, name } of files) kept.push([name, await readFile(join(parentPath, name))]);
      for (const [what, bytes] of kept) {
        for (const word of NAME.split(' ')) expect(bytes.includes(word), `${word} in ${what}`).toBe(false);
        for (let at = 0; at + 8 <= vector.length; at += 4) expect(bytes.includes(vector.subarray(at, at + 8)), what).toBe(false);
        for (let at = 0; at + 12 <= base64.length; at += 4) expect(bytes.includes(base64.slice(at, at + 12)), what).toBe(false);
      }
    } finally {
      door.kill('SIGTERM');
      await closed;
    }
  }, 170_000);
});

describe('what `facelatch run` prints', () => {
  const encrypted = { people: { file: 'people.json', keyFile: 'people.key' } } as Parameters<typeof mustBeDiscreet>[0];
  const clear = { people: { file: 'people.json' } } as typeof encrypted;
  const to = { json: false, terminal: false, journal: false };

  it('has names for who watches and for programs, not for a journal, nor for a file beside an encrypted one', () => {
    expect(mustBeDiscreet(encrypted, { ...to, terminal: true })).toBe(false);
    expect(mustBeDiscreet(encrypted, { ...to, terminal: true, journal: true })).toBe(false);
    expect(mustBeDiscreet(encrypted, { ...to, json: true })).toBe(false);
    expect(mustBeDiscreet(clear, to)).toBe(false);
    expect(mustBeDiscreet(encrypted, to)).toBe(true);
    expect(mustBeDiscreet(clear, { ...to, journal: true })).toBe(true);
    expect(mustBeDiscreet(clear, { ...to, json: true, journal: true })).toBe(true);
  });

  it('has ids in their place, wherever a person stands', () => {
    const person = { id: 'p1', name: 'Ann' };
    const events = [
      { type: 'denied', reason: 'expired', person, claimed: person, mode: 'recognition', threshold: 0.7, track: 1 },
      { type: 'enroll_again', people: [person, person], encoder: 'e' },
      { type: 'stopped', reason: 'SIGTERM' },
    ] as unknown as DoorEvent[];
    const nameless = { id: 'p1', name: 'p1' };
    expect(events.map(withoutNames)).toEqual([
      { ...events[0], person: nameless, claimed: nameless },
      { ...events[1], people: [nameless, nameless] },
      events[2],
    ]);
  });
});
