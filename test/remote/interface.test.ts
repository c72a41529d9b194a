import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { playVisitors, portrait, resident } from '../../scripts/demo/visitors.js';
import { systemClock } from '../../src/clock.js';
import type { CommandName } from '../../src/command-names.js';
import { COMMAND_NAMES } from '../../src/command-names.js';
import { parseConfig } from '../../src/config.js';
import { startDaemon } from '../../src/daemon.js';
import { openPeople } from '../../src/identity/people.js';
import { sendCommand } from '../../src/messages/command-client.js';
import type { CommandBody, Envelope } from '../../src/messages/command-schemas.js';
import { makeKey } from '../messages/commands-support.js';
import { problemWith, problemWithBody } from '../messages/published.js';
import { eventually } from '../messages/support.js';
import { samples } from '../support/photographs.js';

const ops = makeKey();
const log = pino({ level: 'silent' });

describe('everything that a door and its commander say on MQTT', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-interface-'));
    await playVisitors(join(folder, 'frames'), samples, [resident.atTheDoor]);
    await mkdir(join(folder, 'state'));
    await writeFile(join(folder, 'people.key'), randomBytes(32), { mode: 0o600 });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is as docs/asyncapi.yaml has it', async () => {
    const people = { file: join(folder, 'state', 'people.json'), keyFile: join(folder, 'people.key') };
    const config = parseConfig(
      JSON.stringify({
        people,
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
        relay: { adapter: 'simulated', pulseMs: 300 },
        access: { maxFrameAgeMs: 10_000, expireMs: 5_000, againMs: 500 },
        lockout: { enabled: false },
        liveness: { passive: false },
        metrics: { port: 0 },
        mqtt: {
          ...{ embeddedPort: 0, snapshots: true, healthSeconds: 5, homeAssistant: { enabled: true } },
          commands: { keys: [ops.config], perSecond: 1_000, burst: 1_000 },
        },
      }),
      'test',
    );
    await (await openPeople({ ...config.people, create: true, clock: systemClock })).close();
    const daemon = await startDaemon({ config, clock: systemClock, log });
    onTestFinished(() => daemon.stop('test'));

    const client = await mqtt.connectAsync(daemon.mqttUrl);
    onTestFinished(async () => await client.endAsync(true));
    const problems: string[] = [];
    const seen = new Map<string, number>();
    client.on('message', (topic, payload) => {
      seen.set(topic, (seen.get(topic) ?? 0) + 1);
      const problem = problemWith(topic, payload) ?? (topic.includes('/request/') ? problemWithBody(bodyIn(payload)) : undefined);
      if (problem !== undefined) problems.push(problem);
    });
    await client.subscribeAsync(['facelatch/#', 'homeassistant/#'], { qos: 1 });

    const send = (command: CommandName, args: object = {}) =>
      sendCommand({
        ...{ url: daemon.mqttUrl, credentials: {}, door: 'front-door', key: ops.key, command, args },
        ...{ timeoutMs: 60_000, clock: systemClock, onProgress: () => undefined },
      });
    const photograph = (await portrait(samples, resident.enrolled)).toString('base64url');
    const ada = { name: 'Ada', photographs: [photograph, photograph], largestFace: true };
    expect(await send('enroll', ada)).toMatchObject({ person: { name: 'Ada' } });
    await eventually(() => expect(seen.get('facelatch/front-door/snapshot')).toBeGreaterThan(0));
    expect(await send('list')).toMatchObject({ people: [{ name: 'Ada' }] });
    for (const order of ['unlock', 'lock', 'lockdown'] as const) await send(order);
    await expect(send('unlock')).rejects.toMatchObject({ code: 'DOOR_REFUSED' });
    await send('resume');
    await send('verify', { person: 'Ada' });
    await send('snapshot');
    const { backup } = (await send('backup')) as { backup: string };
    await send('remove', { person: 'Ada' });
    expect(await send('restore', { backup })).toMatchObject({ people: 1 });
    await expect(send('enroll-capture', { name: 'Kian', timeoutSeconds: 5 })).rejects.toMatchObject({
      code: 'CAPTURE_UNFINISHED',
    });
    await client.publishAsync('facelatch/front-door/home-assistant/lock', 'LOCK', { qos: 1 });
    await eventually(() => expect(seen.get('facelatch/front-door/health')).toBeGreaterThan(0));

    const figures = await (await fetch(daemon.metricsUrl ?? '')).text();
    expect(figures).toMatch(/^facelatch_decisions_total\{outcome="granted"\} [1-9]/m);
    expect(figures).toMatch(/^facelatch_frames_total [1-9]/m);
    await daemon.stop('test');

    expect(problems).toEqual([]);
    const topics = [...seen.keys()].map((topic) => topic.replace('facelatch/front-door/', ''));
    expect(topics.sort()).toEqual(
      [
        ...['availability', 'state', 'event', 'health', 'snapshot', 'home-assistant/lock'],
        ...COMMAND_NAMES.flatMap((command) => [`request/${command}`, `response/${command}`]),
        'homeassistant/device/front-door/config',
      ].sort(),
    );
  }, 120_000);
});

function bodyIn(request: Buffer): CommandBody {
  const { body } = JSON.parse(request.toString()) as Envelope;
  return JSON.parse(Buffer.from(body, 'base64url').toString()) as CommandBody;
}
