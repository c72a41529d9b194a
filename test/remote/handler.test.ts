import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommandName } from '../../src/command-names.js';
import { parseConfig } from '../../src/config.js';
import { Lookout } from '../../src/daemon/lookout.js';
import { openPeople, type People } from '../../src/identity/people.js';
import { commandAnswerSchemas } from '../../src/messages/command-answers.js';
import { commandArgumentSchemas, type Command } from '../../src/messages/command-schemas.js';
import { createCommandHandler } from '../../src/remote/handler.js';
import type { RemoteParts } from '../../src/remote/parts.js';
import type { Vision } from '../../src/vision.js';
import { FakeClock } from '../fakes/fake-clock.js';

let folder: string;
let people: People;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-handler-'));
  people = await openPeople({ file: join(folder, 'people.json'), create: true, clock: new FakeClock() });
});
afterEach(async () => {
  await people.close();
  await rm(folder, { recursive: true });
});

const vector = (at: number) => Float32Array.from({ length: 512 }, (_, i) => (i === at ? 1 : 0));
const template = (at: number) =>
  ({ encoder: 'test', modelSha256: '0'.repeat(64), vector: vector(at), quality: 1, source: 'photo' }) as const;

function door(changes: { settings?: object; parts?: Partial<RemoteParts>; refused?: string; claims?: boolean } = {}) {
  const clock = new FakeClock();
  const asked: string[] = [];
  const note = (what: string) => {
    asked.push(what);
    return changes.refused === undefined ? ({ done: true } as const) : ({ done: false, refused: changes.refused } as const);
  };
  const lookout = new Lookout();
  const handle = createCommandHandler({
    orders: {
      unlock: () => note('unlock'),
      lock: () => void note('lock'),
      lockdown: () => void note('lockdown'),
      resume: () => note('resume'),
    },
    access: {
      claim: (person, by) => {
        note(`claim ${person.name} by ${by ?? ''}`);
        return changes.claims ?? true;
      },
    },
    door: { state: () => ({ lock: 'LOCKED', contact: 'unknown', mode: 'normal' }) },
    vision: { encoder: { id: 'test' } } as unknown as Vision,
    config: parseConfig(JSON.stringify(changes.settings ?? {}), 'test'),
    signal: new AbortController().signal,
    gallery: { nearest: () => undefined } as unknown as RemoteParts['gallery'],
    people,
    lookout,
    clock,
    ...changes.parts,
  });
  const progress: unknown[] = [];
  const give = async (name: CommandName, given: object = {}) => {
    const args = commandArgumentSchemas[name].parse(given);
    const answer = await handle({ name, args } as Command, { id: 'c-1', kid: 'ops-1', progress: (step) => progress.push(step) });
    // Whatever is answered is what the published interface says.
    expect(commandAnswerSchemas[name].parse(answer)).toEqual(answer);
    return answer;
  };
  return { clock, asked, lookout, give };
}

describe('the commands of a door', () => {
  it('unlock, lock, lockdown and resume are orders, answered with how the door stands', async () => {
    const { give, asked } = door();
    const standing = { lock: 'LOCKED', contact: 'unknown', mode: 'normal' };
    for (const name of ['unlock', 'lock', 'lockdown', 'resume'] as const) expect(await give(name)).toEqual(standing);
    expect(asked).toEqual(['unlock', 'lock', 'lockdown', 'resume']);
    await expect(door({ refused: 'lockdown' }).give('unlock')).rejects.toMatchObject({
      code: 'DOOR_REFUSED',
      message: expect.stringContaining('lockdown') as string,
    });
  });

  it('list and remove know people by name and id', async () => {
    const kian = await people.add({ name: 'Kian', templates: [template(0)] });
    await people.add({ name: 'Ada', templates: [template(1)] });
    const { give } = door();
    expect(await give('list')).toMatchObject({ people: [{ name: 'Kian', templates: 1 }, { name: 'Ada' }] });
    expect(await give('remove', { person: 'ada' })).toMatchObject({ person: { name: 'Ada' } });
    expect(await give('remove', { person: kian.id })).toEqual({ person: { id: kian.id, name: 'Kian' } });
    await expect(give('remove', { person: 'Kian' })).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
    expect(people.all()).toEqual([]);
  });

  it('verify claims an identity where the door takes that from a command', async () => {
    const { id, name } = await people.add({ name: 'Kian', templates: [template(0)] });
    const { give, asked } = door();
    expect(await give('verify', { person: 'kian' })).toEqual({ person: { id, name }, forMs: 15_000 });
    expect(asked).toEqual(['claim Kian by command']);
    await expect(door({ claims: false }).give('verify', { person: id })).rejects.toMatchObject({ code: 'CLAIM_REFUSED' });
    await expect(give('verify', { person: 'Nobody' })).rejects.toMatchObject({ code: 'PERSON_UNKNOWN' });
  });

  it('snapshot shows the next frame, and says when there is none', async () => {
    const { give, lookout, clock } = door();
    const answer = give('snapshot');
    const rgb = new Uint8Array(8 * 6 * 3).fill(200);
    clock.advance(100);
    lookout.saw({ frame: { widthPx: 8, heightPx: 6, rgb, capturedAtMs: 40, sequence: 1, source: 'test' }, faces: [] });
    const { jpeg, takenAt } = (await answer) as { jpeg: string; takenAt: string };
    expect(takenAt).toBe('2026-01-05T08:00:00.040Z');
    expect(await sharp(Buffer.from(jpeg, 'base64url')).metadata()).toMatchObject({ format: 'jpeg', width: 8, height: 6 });

    const silent = give('snapshot');
    clock.advance(11_000);
    await expect(silent).rejects.toMatchObject({ code: 'CAMERA_SILENT' });
  });

  it('backup and restore bring everybody back, sealed with the key of the people file', async () => {
    const keyFile = join(folder, 'people.key');
    await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
    const { give } = door({ settings: { people: { keyFile } } });
    const kian = await people.add({ name: 'Kian', templates: [template(0)] });
    const { backup } = (await give('backup')) as { backup: string };
    expect(Buffer.from(backup, 'base64url').includes('Kian')).toBe(false);
    await people.remove(kian.id);
    await people.add({ name: 'Ada', templates: [template(1)] });
    expect(await give('restore', { backup })).toMatchObject({ people: 1 });
    expect(people.all().map(({ id, name }) => ({ id, name }))).toEqual([{ id: kian.id, name: 'Kian' }]);

    const bytes = Buffer.from(backup, 'base64url');
    bytes[bytes.length - 1] ^= 1;
    await expect(give('restore', { backup: bytes.toString('base64url') })).rejects.toMatchObject({
      code: 'PEOPLE_BACKUP_DAMAGED',
    });
    expect(people.all()).toHaveLength(1);
    await expect(door().give('backup')).rejects.toMatchObject({ code: 'BACKUP_KEY_MISSING' });
  });

  it('enroll refuses what is no picture, and two captures at a time', async () => {
    const { give, lookout } = door();
    const photographs = [Buffer.from('no picture').toString('base64url')];
    await expect(give('enroll', { name: 'Kian', photographs })).rejects.toMatchObject({
      code: 'PHOTO_UNREADABLE',
      message: expect.stringContaining('photograph 1') as string,
    });
    await expect(give('enroll', { name: 'Kian', photographs: ['AB'] })).rejects.toMatchObject({ code: 'PHOTO_UNREADABLE' });
    const release = lookout.hold();
    await expect(give('enroll-capture', { name: 'Kian' })).rejects.toMatchObject({ code: 'CAPTURE_BUSY' });
    release();
    expect(people.all()).toEqual([]);
  });
});
