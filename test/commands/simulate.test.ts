import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { playVisitors, portrait, resident } from '../../scripts/demo/visitors.js';
import { facelatch } from '../support/cli.js';
import { LiveDoor } from '../support/live-door.js';
import { samples } from '../support/photographs.js';

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
/** The clock of these doors is the machine's: hours that always hold, and hours that never do. */
const schedules = {
  always: { timeZone: 'UTC', hours: [{ days: DAYS, from: '00:00', to: '24:00' }] },
  never: { timeZone: 'UTC', hours: [] },
};

describe('a door that is simulated from the command line', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-simulate-'));
    await mkdir(join(folder, 'nobody'));
    await sharp({ create: { width: 320, height: 240, channels: 3, background: '#456' } })
      .jpeg()
      .toFile(join(folder, 'nobody', 'a.jpg'));
    await playVisitors(join(folder, 'resident'), samples, [resident.atTheDoor]);
    await writeFile(join(folder, 'ada.jpg'), await portrait(samples, resident.enrolled));
    await configure({});
    expect((await facelatch(folder, ['enroll', 'Ada', 'ada.jpg', '--largest-face'])).status).toBe(0);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** A real relay and real inputs: what `--simulate` puts aside. */
  const configure = (more: { camera?: string; access?: object; door?: object; cards?: object; schedules?: object }) =>
    writeFile(
      join(folder, 'facelatch.yaml'),
      JSON.stringify({
        door: { id: 'sim', ...more.door },
        camera: { adapter: 'folder', path: more.camera ?? 'nobody', fps: 10 },
        schedules: more.schedules ?? schedules,
        relay: { adapter: 'onoff', line: 17, pulseMs: 400 },
        doorInputs: { contact: { adapter: 'onoff', line: 5 }, heldOpenWarningMs: 1_000, heldOpenAlarmMs: 2_000 },
        access: { maxFrameAgeMs: 10_000, expireMs: 5_000, againMs: 500, ...more.access },
        lockout: { failures: 5 },
        inference: { tuneAtStart: false },
        ...(more.cards && { cards: more.cards }),
        mqtt: { embeddedPort: 0 },
      }),
    );

  async function open(): Promise<LiveDoor> {
    const door = new LiveDoor(folder);
    onTestFinished(async () => {
      await door.stop();
    });
    await door.next({ type: 'started' });
    return door;
  }

  it('tells of a door forced open and held open, of the exit button and of tampering', async () => {
    await configure({});
    const door = await open();
    door.type('contact open');
    await door.next({ type: 'opened' });
    await door.next({ type: 'forced_open' });
    await door.next({ type: 'held_open', level: 'warning' });
    await door.next({ type: 'held_open', level: 'alarm' });
    door.type('contact closed');
    await door.next({ type: 'closed' });

    door.type('exit');
    await door.next({ type: 'exit_button' });
    await door.next({ type: 'unlocked', cause: 'exit_button' });
    door.type('contact open');
    await door.next({ type: 'opened' });
    await door.next({ type: 'locked', cause: 'opened' });
    door.type('contact closed');
    await door.next({ type: 'closed' });
    expect(door.events.filter(({ type }) => type === 'forced_open')).toHaveLength(1);

    door.type('tamper on');
    await door.next({ type: 'tamper', active: true });
    door.type('tamper off');
    await door.next({ type: 'tamper', active: false });

    door.type('unlock');
    await door.next({ type: 'unlocked', cause: 'command' });
    await door.next({ type: 'locked', cause: 'timeout' });
    expect(await door.stop()).toBe(0);
    expect(door.events.at(-1)).toMatchObject({ type: 'stopped', reason: 'SIGTERM' });
    expect(door.errors).toEqual([]);
  });

  it('says what a line should have been, lists the lines, and says what the door refuses', async () => {
    const door = await open();
    door.type('contact ajar');
    expect(JSON.parse(await door.error(/ajar/))).toEqual({
      error: {
        code: 'USAGE',
        message: 'expected a line such as "contact open" (help lists them), received "contact ajar"',
      },
    });
    door.type('card 1234');
    await door.error(/expected access\.mode verification, either or both for a card, received recognition/);
    door.type('help');
    await door.error(/^contact open\|closed/);
    await door.error(/^lockdown/);
    door.type('lockdown');
    await door.next({ type: 'lockdown', active: true });
    door.type('  unlock ');
    await door.error(/expected sim to obey unlock, received lockdown/);
    expect(door.events.some(({ type }) => type === 'unlocked')).toBe(false);
  });

  it('keeps a lockdown over a restart, and denies a face in it, until an operator resumes', async () => {
    await configure({ camera: 'resident' });
    const door = await open();
    await door.next({ type: 'denied', reason: 'lockdown' });
    expect(door.events[0]).toMatchObject({ type: 'lockdown', active: true });
    expect(door.events.some(({ type }) => type === 'unlocked')).toBe(false);
    door.type('resume');
    await door.next({ type: 'lockdown', active: false });
    await door.next({ type: 'granted' });
    await door.next({ type: 'unlocked', cause: 'face' });
  });

  it('holds the lock released in open hours, and locks down in hours of lockdown', async () => {
    await configure({ door: { openDuring: 'always' } });
    const open1 = await open();
    expect(open1.events).toContainEqual(expect.objectContaining({ type: 'unlocked', cause: 'schedule' }));
    open1.type('lock');
    await open1.next({ type: 'locked', cause: 'command' });
    await open1.stop();

    await configure({ door: { lockdownDuring: 'always' } });
    const locked = await open();
    expect(locked.events).toContainEqual(expect.objectContaining({ type: 'lockdown', active: true }));
    locked.type('unlock');
    await locked.error(/received lockdown/);
    locked.type('resume');
    await locked.next({ type: 'lockdown', active: false });
    locked.type('unlock');
    await locked.next({ type: 'unlocked', cause: 'command' });
  });

  it('denies a person outside the schedule, and takes a change of it while it runs', async () => {
    expect((await facelatch(folder, ['people', 'set', 'Ada', '--schedule', 'never'])).status).toBe(0);
    await configure({ camera: 'resident' });
    const door = await open();
    const denied = await door.next({ type: 'denied', reason: 'outside_schedule' });
    expect(denied).toMatchObject({ person: { name: 'Ada' } });
    expect((await facelatch(folder, ['people', 'set', 'Ada', '--schedule', 'always'])).status).toBe(0);
    await door.next({ type: 'granted' });
  });

  it('refuses to start while somebody has a schedule that is not configured', async () => {
    await configure({ schedules: { never: schedules.never } });
    expect(await facelatch(folder, ['run', '--simulate'])).toMatchObject({
      status: 4,
      // Whoever starts a service keeps what it says: a person's id, not the name.
      stderr: expect.stringMatching(/to be configured \(never\), received: "always" of [0-9a-f-]{36}\n/),
    });
  });

  it('lets in the bearer of a card by face, and locks out after five unknown cards, over a restart too', async () => {
    expect((await facelatch(folder, ['people', 'set', 'Ada', '--card', '04:A2:B3:C4', '--no-schedule'])).status).toBe(0);
    const cards = { readers: [{ adapter: 'keyboard', device: '/dev/input/by-id/reader' }], repeatMs: 0 };
    await configure({ camera: 'resident', access: { mode: 'both' }, cards });
    const both = await open();
    both.type('card 04a2b3c4');
    await both.next({ type: 'card_accepted', card: '…3C4' });
    await both.next({ type: 'granted', mode: 'verification' });
    await both.next({ type: 'unlocked', cause: 'face' });
    await both.stop();

    await configure({ access: { mode: 'both' }, cards });
    const door = await open();
    for (let card = 1; card <= 5; card++) door.type(`card ${card}000`);
    await door.next({ type: 'lockout', durationMs: 30_000, failures: 5 });
    door.type('card 04a2b3c4');
    await door.next({ type: 'card_denied', reason: 'locked_out' });
    await door.stop();

    const again = await open();
    expect(again.events[0]).toMatchObject({ type: 'lockout', failures: 5 });
    again.type('card 04a2b3c4');
    await again.next({ type: 'card_denied', reason: 'locked_out' });
    again.type('resume');
    again.type('card 04a2b3c4');
    await again.next({ type: 'card_accepted' });
    await again.stop();

    // All of it is in the audit log.
    const verified = await facelatch(folder, ['audit', 'verify', '--json']);
    expect(JSON.parse(verified.stdout)).toMatchObject({ whole: true, problems: [] });
    const shown = await facelatch(folder, [
      'audit',
      'show',
      '--type',
      'forced_open,held_open,exit_button,lockout,lockdown,denied',
    ]);
    for (const type of ['forced_open', 'held_open', 'exit_button', 'lockout', 'lockdown', 'denied']) {
      expect(shown.stdout).toContain(type);
    }
  });
});
