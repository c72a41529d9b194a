import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import type { CommandName } from '../../src/command-names.js';
import { fault } from '../../src/errors.js';
import type { CommandHandler } from '../../src/messages/command-desk.js';
import type { Command } from '../../src/messages/command-schemas.js';
import { createMessenger } from '../../src/messages/messenger.js';
import { doorState, eventually, freePort, mqttConfig, RecordingLog, temporaryFolder } from '../messages/support.js';
import { facelatch } from '../support/cli.js';

const person = { id: '019b8d3e-2c00-7a5e-9c53-0d2f4b1f6a10', name: 'Kian' };
const standing = { lock: 'LOCKED', contact: 'closed', mode: 'normal' };
const answers: Record<CommandName, unknown> = {
  unlock: { ...standing, lock: 'UNLOCKED' },
  lock: standing,
  lockdown: { ...standing, mode: 'lockdown' },
  resume: standing,
  enroll: { person, templates: 2 },
  'enroll-capture': { person, templates: 5 },
  remove: { person },
  list: { people: [{ ...person, templates: 2, createdAt: '2026-01-05T08:00:00.000Z' }] },
  verify: { person, forMs: 15_000 },
  snapshot: {
    takenAt: '2026-01-05T08:00:00.000Z',
    widthPx: 640,
    heightPx: 480,
    jpeg: Buffer.from('a picture').toString('base64url'),
  },
  backup: { people: 3, backup: Buffer.from('sealed').toString('base64url') },
  restore: { people: 3, savedAt: '2026-01-05T08:00:00.000Z' },
};

/** A key made by the command line, a door that knows it, and the command line that uses it. */
async function startDoor({ commands, handle }: { commands?: string; handle?: CommandHandler } = {}) {
  const folder = temporaryFolder();
  const made = await facelatch(folder, ['--json', 'keys', 'new', 'ops-1', ...(commands ? ['--commands', commands] : [])]);
  const { kid, publicKey, commands: may } = JSON.parse(made.stdout) as { kid: string; publicKey: string; commands: string[] };
  const obeyed: Command[] = [];
  const messenger = createMessenger({
    config: mqttConfig({ commands: { keys: [{ kid, publicKey, commands: may }] } }),
    doorId: 'front-door',
    clock: systemClock,
    log: new RecordingLog(),
    commands: {
      emit: () => undefined,
      handle: async (command, context) => {
        obeyed.push(command);
        return handle ? await handle(command, context) : answers[command.name];
      },
    },
  });
  onTestFinished(() => messenger.stop());
  await messenger.start();
  messenger.publishState(doorState);
  await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
  const at = ['send', '--key', 'ops-1.key', '--url', messenger.status().connection.url];
  return { folder, obeyed, send: (...args: string[]) => facelatch(folder, [...at, ...args]) };
}

describe('facelatch keys', () => {
  it('makes a secret that only its owner reads, says what the door must be told, and overwrites nothing', async () => {
    const folder = temporaryFolder();
    const { status, stdout } = await facelatch(folder, ['keys', 'new', 'ops-1', '--commands', 'unlock, list']);
    expect(status).toBe(0);
    const path = join(folder, 'ops-1.key');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { publicKey, privateKey } = JSON.parse(await readFile(path, 'utf8')) as { publicKey: string; privateKey: string };
    expect(stdout).toContain('mode 0600');
    expect(stdout).toContain(`publicKey: ${publicKey}`);
    expect(stdout).toContain('commands: [unlock, list]');
    expect(stdout).not.toContain(privateKey);
    expect((await facelatch(folder, ['keys', 'show', 'ops-1.key'])).stdout).toContain(`publicKey: ${publicKey}`);

    const again = await facelatch(folder, ['keys', 'new', 'ops-1']);
    expect(again).toMatchObject({ status: 3, stderr: expect.stringContaining('EEXIST') as string });
    expect(await readFile(path, 'utf8')).toContain(privateKey);
  });

  it('refuses a wrong id, an unknown command, and a secret that everybody may read', async () => {
    const folder = temporaryFolder();
    expect(await facelatch(folder, ['keys', 'new', 'Ops 1'])).toMatchObject({ status: 2 });
    expect(await facelatch(folder, ['keys', 'new', 'ops-1', '--commands', 'unlock,open'])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('received "open"') as string,
    });
    const path = join(folder, 'loose.key');
    await writeFile(path, '{}', { mode: 0o644 });
    expect(await facelatch(folder, ['keys', 'show', path])).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('chmod 600') as string,
    });
  });
});

describe('facelatch send', () => {
  it('gives every command and prints its answer', async () => {
    const { folder, obeyed, send } = await startDoor();
    await writeFile(join(folder, 'small.jpg'), 'what the door gets is for the door to judge');
    await writeFile(join(folder, 'backup'), 'sealed');
    const large = sharp({
      create: { width: 3_000, height: 2_000, channels: 3, noise: { type: 'gaussian', mean: 128, sigma: 60 }, background: 'red' },
    });
    await large.jpeg({ quality: 95 }).toFile(join(folder, 'large.jpg'));

    const told: [string[], string][] = [
      [['unlock'], 'unlocked: UNLOCKED, mode normal'],
      [['lock'], 'locked'],
      [['lockdown'], 'mode lockdown'],
      [['resume'], 'mode normal'],
      [['list'], 'Kian'],
      [['enroll', 'Kian', 'small.jpg', 'large.jpg', '--largest-face'], 'enrolled Kian (2 templates'],
      [['enroll-capture', 'Kian', '--within', '30'], 'enrolled Kian (5 templates'],
      [['remove', 'Kian'], 'removed Kian'],
      [['verify', 'Kian'], 'Kian is awaited for 15 s'],
      [['snapshot', 'now.jpg'], 'now.jpg: 640x480'],
      [['backup', 'people.backup'], '3 people'],
      [['restore', 'backup'], '3 people, as of 2026'],
    ];
    for (const [args, expected] of told) {
      const { status, stdout, stderr } = await send(...args);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain(expected);
    }
    expect(obeyed.map(({ name }) => name)).toEqual(Object.keys(answers).sort((a, b) => order(told, a) - order(told, b)));
    const enroll = obeyed.find(({ name }) => name === 'enroll')?.args as { photographs: string[]; largestFace: boolean };
    expect(enroll.largestFace).toBe(true);
    const [small, shrunk] = enroll.photographs.map((text) => Buffer.from(text, 'base64url'));
    expect(small.toString()).toContain('for the door to judge');
    expect(await sharp(shrunk).metadata()).toMatchObject({ width: 2_048, format: 'jpeg' });
    expect(obeyed.find(({ name }) => name === 'enroll-capture')?.args).toEqual({ name: 'Kian', timeoutSeconds: 30 });
    expect(await readFile(join(folder, 'now.jpg'), 'utf8')).toBe('a picture');
    expect((await stat(join(folder, 'people.backup'))).mode & 0o777).toBe(0o600);
    expect(await send('backup', 'people.backup')).toMatchObject({ status: 3 });
  }, 60_000);

  it('prints progress as it comes, and the same in JSON', async () => {
    const handle: CommandHandler = ({ name }, { progress }) => {
      progress({ done: 3, of: 5, look: 'up', say: 'Lift your chin a little' });
      return Promise.resolve(answers[name]);
    };
    const { send } = await startDoor({ handle });
    expect((await send('enroll-capture', 'Kian')).stdout).toMatch(/^3 of 5 {2}Lift your chin a little\nenrolled Kian/);
    const lines = (await send('enroll-capture', 'Kian', '--json')).stdout.trim().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ progress: { done: 3 } }, { name: 'Kian' }]);
  });

  it('ends with 1 for a command that was refused, and with the status of what went wrong at the door', async () => {
    const { send } = await startDoor({
      commands: 'list,enroll',
      handle: () => Promise.reject(fault('NO_FACE', { source: 'photograph 1' })),
    });
    expect(await send('unlock')).toMatchObject({ status: 1, stderr: expect.stringContaining('permission') as string });
    expect(await send('list')).toMatchObject({ status: 3, stderr: expect.stringContaining('expected one face') as string });
    expect(await send('enroll', 'Kian', 'absent.jpg')).toMatchObject({ status: 3 });
  });

  it('ends with 7 without a broker or a door, with 3 without a key, with 2 for half a certificate', async () => {
    const { folder, send } = await startDoor();
    expect(await send('list', '--door', 'back-door', '--timeout', '1')).toMatchObject({
      status: 7,
      stderr: expect.stringContaining('expected an answer of back-door') as string,
    });
    const nobody = `mqtt://127.0.0.1:${await freePort()}`;
    expect(await facelatch(folder, ['send', '--key', 'ops-1.key', '--url', nobody, 'list'])).toMatchObject({ status: 7 });
    expect(await facelatch(folder, ['send', '--key', 'none.key', 'list'])).toMatchObject({ status: 3 });
    expect(await facelatch(folder, ['send', 'list'])).toMatchObject({ status: 2 });
    expect(await send('list', '--cert', 'a.crt')).toMatchObject({ status: 2 });
    expect(await send('list', '--ca', 'none.crt')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('--ca') as string,
    });
  });
});

function order(told: readonly [string[], string][], name: string): number {
  return told.findIndex(([[command]]) => command === name);
}
