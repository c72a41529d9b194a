import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { parseConfig } from '../../src/config.js';
import { startDaemon } from '../../src/daemon.js';
import { SimulatedRelay } from '../../src/door/simulated-relay.js';
import type { DoorEvent } from '../../src/events.js';
import { openPeople } from '../../src/identity/people.js';
import { sendCommand } from '../../src/messages/command-client.js';
import { signCommand } from '../../src/messages/command-envelope.js';
import type { CommandBody } from '../../src/messages/command-schemas.js';
import { bodyOf, makeKey } from '../messages/commands-support.js';
import { eventually, freePort, noMosquitto, observe, startMosquitto, type Seen } from '../messages/support.js';

const ops = makeKey('ops-1');
const clerk = makeKey('clerk', ['list']);
const thief = makeKey('ops-1');
const request = 'facelatch/front-door/request/unlock';

/** What a shell on the broker's machine would do with captured bytes. */
function mosquittoPub(port: number, payload: string, ...more: string[]): void {
  execFileSync('mosquitto_pub', ['-h', '127.0.0.1', '-p', String(port), '-q', '1', '-t', request, '-s', ...more], {
    input: payload,
  });
}

describe.skipIf(noMosquitto)(`the relay of a door at mosquitto${noMosquitto ? ` (skipped: ${noMosquitto})` : ''}`, () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-writes-'));
    await mkdir(join(folder, 'frames'));
    const wall = sharp({ create: { width: 160, height: 120, channels: 3, background: 'gray' } });
    await wall.jpeg().toFile(join(folder, 'frames', 'wall.jpg'));
    await (await openPeople({ file: join(folder, 'people.json'), create: true, clock: systemClock })).close();
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  let energised = 0;
  beforeEach(() => {
    energised = 0;
    const set = Object.getOwnPropertyDescriptor(SimulatedRelay.prototype, 'set')?.value as SimulatedRelay['set'];
    vi.spyOn(SimulatedRelay.prototype, 'set').mockImplementation(function (this: SimulatedRelay, on) {
      if (on) energised++;
      set.call(this, on);
    });
  });
  afterEach(() => vi.restoreAllMocks());

  async function startDoor(url: string) {
    const events: DoorEvent[] = [];
    const config = parseConfig(
      JSON.stringify({
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 2 },
        people: { file: join(folder, 'people.json') },
        relay: { adapter: 'simulated', pulseMs: 100, restMs: 50 },
        mqtt: {
          ...{ url, reconnectMinMs: 100, reconnectMaxMs: 200 },
          commands: { keys: [ops.config, clerk.config], perSecond: 1_000, burst: 1_000 },
        },
      }),
      'test',
    );
    const log = pino({ level: 'silent' });
    const daemon = await startDaemon({ config, clock: systemClock, log, onEvent: (event) => events.push(event) });
    onTestFinished(() => daemon.stop('test'));
    const rejected = () => events.flatMap((event) => (event.type === 'command_rejected' ? [event.reason] : []));
    return { daemon, events, rejected };
  }

  const unlock = (url: string) =>
    sendCommand({
      ...{ url, credentials: {}, door: 'front-door', key: ops.key, command: 'unlock', args: {} },
      ...{ timeoutMs: 20_000, clock: systemClock, onProgress: () => undefined },
    });

  it('is energised once by captured bytes, also after a restart of the broker and of the daemon', async () => {
    const port = await freePort();
    let broker = await startMosquitto(port);
    const first = await startDoor(broker.url);
    const tap = await observe(broker.url, request);
    expect(await unlock(broker.url)).toMatchObject({ lock: 'UNLOCKED' });
    await eventually(() => expect(tap.seen).toHaveLength(1));
    const captured = tap.seen[0].payload;
    expect(energised).toBe(1);
    await eventually(() => expect(first.daemon.controls.door.state().lock).toBe('LOCKED'));

    mosquittoPub(port, captured);
    await eventually(() => expect(first.rejected()).toEqual(['nonce']));

    await broker.stop();
    broker = await startMosquitto(port);
    const states = await observe(broker.url, 'facelatch/front-door/state');
    await eventually(() => expect(states.seen.length).toBeGreaterThan(0));
    mosquittoPub(port, captured);
    await eventually(() => expect(first.rejected()).toEqual(['nonce', 'nonce']));

    await first.daemon.stop('test');
    const told = states.seen.length;
    const second = await startDoor(broker.url);
    // It listens before it tells its state.
    await eventually(() => expect(states.seen.length).toBeGreaterThan(told));
    mosquittoPub(port, captured);
    await eventually(() => expect(second.rejected()).toEqual(['nonce']));
    expect(energised).toBe(1);
  }, 60_000);

  it('is never reached by a command that is unsigned, retained, of an old nonce, of a wrong key, or of a key without the right', async () => {
    const port = await freePort();
    const broker = await startMosquitto(port);
    const { seen } = await observe(broker.url, 'facelatch/front-door/state');
    const door = await startDoor(broker.url);
    await eventually(() => expect(nonceIn(seen)).toBeDefined());
    const old = nonceIn(seen);
    await unlock(broker.url);
    await eventually(() => expect(nonceIn(seen)).not.toBe(old));
    expect(energised).toBe(1);

    const nonce = nonceIn(seen) ?? '';
    const body = (changes: Partial<CommandBody> = {}) => bodyOf({ nonce, ...changes });
    mosquittoPub(port, JSON.stringify(body()));
    mosquittoPub(port, signCommand(ops.key, body()), '-r');
    mosquittoPub(port, signCommand(ops.key, body({ nonce: old ?? '' })));
    mosquittoPub(port, signCommand(thief.key, body()));
    mosquittoPub(port, signCommand(clerk.key, body()));
    mosquittoPub(port, signCommand(ops.key, body({ door: 'back-door' })));
    mosquittoPub(port, signCommand(ops.key, body({ command: 'lock' })));
    mosquittoPub(port, signCommand({ ...ops.key, kid: 'nobody' }, body()));
    await eventually(() =>
      expect(door.rejected()).toEqual(['envelope', 'retained', 'nonce', 'signature', 'permission', 'door', 'body', 'key']),
    );
    expect(energised).toBe(1);
    // None of them spent the nonce.
    expect(nonceIn(seen)).toBe(nonce);
    expect(door.events.filter(({ type }) => type === 'command_accepted')).toHaveLength(1);
  }, 60_000);
});

function nonceIn(states: readonly Seen[]): string | undefined {
  return (JSON.parse(states.at(-1)?.payload ?? '{}') as { nonce?: string }).nonce;
}
