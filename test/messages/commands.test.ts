import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandName } from '../../src/command-names.js';
import { systemClock } from '../../src/clock.js';
import { fault } from '../../src/errors.js';
import type { Happening } from '../../src/events.js';
import { sendCommand, type SendOptions } from '../../src/messages/command-client.js';
import type { CommandHandler } from '../../src/messages/command-desk.js';
import type { Command } from '../../src/messages/command-schemas.js';
import { createMessenger } from '../../src/messages/messenger.js';
import { makeKey, signed } from './commands-support.js';
import {
  doorState,
  eventually,
  freePort,
  mqttConfig,
  noMosquitto,
  observe,
  RecordingLog,
  startMosquitto,
  type Seen,
} from './support.js';

const ops = makeKey('ops-1');
const clerk = makeKey('clerk', ['list', 'verify']);

interface Options {
  readonly config?: object;
  readonly handle?: CommandHandler;
}

async function startDoor({ config = {}, handle }: Options = {}) {
  const obeyed: Command[] = [];
  const told: Happening[] = [];
  const log = new RecordingLog();
  const messenger = createMessenger({
    config: mqttConfig({ commands: { keys: [ops.config, clerk.config], perSecond: 1_000, burst: 1_000 }, ...config }),
    doorId: 'front-door',
    doorName: 'Front door',
    clock: systemClock,
    log,
    commands: {
      emit: (happening) => told.push(happening),
      handle: async (command, context) => {
        obeyed.push(command);
        return await handle?.(command, context);
      },
    },
  });
  onTestFinished(() => messenger.stop());
  await messenger.start();
  messenger.publishState(doorState);
  await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
  return { messenger, obeyed, told, log, url: messenger.status().connection.url };
}

const send = (url: string, command: CommandName, changes: Partial<SendOptions> = {}) =>
  sendCommand({
    url,
    credentials: {},
    door: 'front-door',
    key: ops.key,
    command,
    args: {},
    timeoutMs: 10_000,
    clock: systemClock,
    onProgress: () => undefined,
    ...changes,
  });

const nonceIn = (seen: readonly Seen[]) => {
  const states = seen.filter(({ topic }) => topic.endsWith('/state'));
  return (JSON.parse(states.at(-1)?.payload ?? '{}') as { nonce?: string }).nonce;
};

describe('a door that takes commands, with the broker inside the process', () => {
  it('obeys, records and answers', async () => {
    const { url, obeyed, told } = await startDoor({
      handle: (command, { kid }) => Promise.resolve({ people: [], asked: command.name, by: kid }),
    });
    expect(await send(url, 'list')).toEqual({ people: [], asked: 'list', by: 'ops-1' });
    expect(await send(url, 'verify', { key: clerk.key, args: { person: 'Kian' } })).toMatchObject({ by: 'clerk' });
    expect(obeyed).toEqual([
      { name: 'list', args: {} },
      { name: 'verify', args: { person: 'Kian' } },
    ]);
    expect(told).toMatchObject([
      { type: 'command_accepted', command: 'list', kid: 'ops-1' },
      { type: 'command_accepted', command: 'verify', kid: 'clerk' },
    ]);
  });

  it('tells the sender what was wrong', async () => {
    const { url, obeyed, told } = await startDoor({
      handle: () => Promise.reject(fault('PERSON_UNKNOWN', { name: 'Kain', nearest: 'Kian' })),
    });
    await expect(send(url, 'remove', { args: { person: 'Kain' } })).rejects.toMatchObject({
      code: 'PERSON_UNKNOWN',
      message: expect.stringContaining('expected the name') as string,
    });
    await expect(send(url, 'unlock', { key: clerk.key })).rejects.toThrow(/permission: expected a key that may give unlock/);
    await expect(send(url, 'remove', { args: {} })).rejects.toThrow(/body: .*person/s);
    expect(obeyed).toHaveLength(1);
    expect(told.filter(({ type }) => type === 'command_rejected')).toMatchObject([{ reason: 'permission' }, { reason: 'body' }]);
  });

  it('keeps to itself what went wrong inside', async () => {
    const { url, log } = await startDoor({ handle: () => Promise.reject(new Error('at /secret/path')) });
    await expect(send(url, 'list')).rejects.toThrow(/INTERNAL: the command failed; the log/);
    expect(log.lines.join()).toContain('/secret/path');
  });

  it('answers progress before the end', async () => {
    const { url } = await startDoor({
      handle: (_, { progress }) => {
        progress({ say: 'look straight', kept: 0, of: 5 });
        progress({ say: 'a little left', kept: 1, of: 5 });
        return Promise.resolve({ kept: 5 });
      },
    });
    const steps: unknown[] = [];
    const args = { name: 'Kian', timeoutSeconds: 30 };
    expect(await send(url, 'enroll-capture', { args, onProgress: (data) => steps.push(data) })).toEqual({ kept: 5 });
    expect(steps).toEqual([
      { say: 'look straight', kept: 0, of: 5 },
      { say: 'a little left', kept: 1, of: 5 },
    ]);
  });

  it('takes ten photographs in one command', async () => {
    const { url, obeyed } = await startDoor();
    const photographs = Array.from({ length: 10 }, (_, index) => Buffer.alloc(800_000, index).toString('base64url'));
    await send(url, 'enroll', { args: { name: 'Kian', photographs } });
    expect(obeyed).toEqual([{ name: 'enroll', args: { name: 'Kian', photographs } }]);
  });

  it('has two senders at the same time wait for the next nonce', async () => {
    const { url, obeyed } = await startDoor();
    await Promise.all(Array.from({ length: 4 }, () => send(url, 'list')));
    expect(obeyed).toHaveLength(4);
  });

  it('shows no nonce and hears nothing where no key may command', async () => {
    const { url, obeyed, told } = await startDoor({ config: { commands: { keys: [] } } });
    const { seen } = await observe(url);
    await eventually(() => expect(seen.some(({ topic }) => topic.endsWith('/state'))).toBe(true));
    expect(nonceIn(seen)).toBeUndefined();
    await expect(send(url, 'list', { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'COMMAND_UNANSWERED',
      message: expect.stringContaining('no state of a door that takes commands') as string,
    });
    expect([...obeyed, ...told]).toEqual([]);
  });
});

describe('a sender without a door', () => {
  it('says that there is no broker', async () => {
    await expect(send(`mqtt://127.0.0.1:${await freePort()}`, 'list')).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE' });
  });
});

describe.skipIf(noMosquitto)(`a door that takes commands at mosquitto${noMosquitto ? ` (skipped: ${noMosquitto})` : ''}`, () => {
  it('acts once on recorded bytes: again, after a reconnection, and after a restart of door and broker', async () => {
    const port = await freePort();
    let broker = await startMosquitto(port);
    const config = { url: broker.url };
    const first = await startDoor({ config });
    const recorder = await observe(broker.url, 'facelatch/+/request/+');
    await send(broker.url, 'unlock');
    expect(first.obeyed).toHaveLength(1);
    await eventually(() => expect(recorder.seen).toHaveLength(1));
    const { topic, payload } = recorder.seen[0];
    await recorder.client.publishAsync(topic, payload, { qos: 1 });
    await eventually(() => expect(first.told.at(-1)).toMatchObject({ type: 'command_rejected', reason: 'nonce' }));

    await broker.stop();
    broker = await startMosquitto(port);
    await eventually(() => expect(first.messenger.status().connection.state).toBe('connected'));
    const rejections = first.told.length;
    const replayer = await observe(broker.url, 'x');
    await replayer.client.publishAsync(topic, payload, { qos: 1 });
    await eventually(() => expect(first.told.length).toBeGreaterThan(rejections));
    await first.messenger.stop();

    const second = await startDoor({ config });
    await replayer.client.publishAsync(topic, payload, { qos: 1 });
    await eventually(() => expect(second.told).toMatchObject([{ type: 'command_rejected', command: 'unlock', reason: 'nonce' }]));
    expect(first.obeyed).toHaveLength(1);
    expect(second.obeyed).toEqual([]);
  });

  it('refuses a good command that is retained, while it listens and when it returns', async () => {
    const broker = await startMosquitto(await freePort());
    const first = await startDoor({ config: { url: broker.url } });
    const { seen, client } = await observe(broker.url, 'facelatch/+/state');
    await eventually(() => expect(nonceIn(seen)).toBeDefined());
    await client.publishAsync('facelatch/front-door/request/unlock', signed(ops.key, { nonce: nonceIn(seen) }), {
      qos: 1,
      retain: true,
    });
    await eventually(() => expect(first.told).toMatchObject([{ type: 'command_rejected', reason: 'retained' }]));
    await first.messenger.stop();
    const second = await startDoor({ config: { url: broker.url } });
    await eventually(() => expect(second.told).toMatchObject([{ type: 'command_rejected', reason: 'retained' }]));
    expect([...first.obeyed, ...second.obeyed]).toEqual([]);
  });

  it('answers where an MQTT 5 request asks for it, with its correlation data', async () => {
    const broker = await startMosquitto(await freePort());
    await startDoor({ config: { url: broker.url }, handle: () => Promise.resolve([1, 2]) });
    const states = await observe(broker.url, 'facelatch/+/state');
    await eventually(() => expect(nonceIn(states.seen)).toBeDefined());
    const { client } = await observe(broker.url, 'me/answers', { protocolVersion: 5 });
    const answered = new Promise<[Buffer, Buffer | undefined]>((resolve) =>
      client.once('message', (_, payload, { properties }) => resolve([payload, properties?.correlationData])),
    );
    await client.publishAsync(
      'facelatch/front-door/request/list',
      signed(ops.key, { command: 'list', nonce: nonceIn(states.seen) }),
      {
        qos: 1,
        properties: { responseTopic: 'me/answers', correlationData: Buffer.from('seven') },
      },
    );
    const [payload, correlationData] = await answered;
    expect(JSON.parse(payload.toString())).toEqual({ id: 'c-1', status: 'ok', data: [1, 2] });
    expect(correlationData?.toString()).toBe('seven');
  });

  it('refuses 10 MB on a small command unread, and 10 MB of garbage on a large one', async () => {
    const broker = await startMosquitto(await freePort());
    const { obeyed, told, messenger } = await startDoor({ config: { url: broker.url } });
    const { client } = await observe(broker.url, 'x');
    const payload = Buffer.alloc(10_000_000, '[');
    for (const command of ['unlock', 'enroll']) {
      await client.publishAsync(`facelatch/front-door/request/${command}`, payload, { qos: 1 });
    }
    await eventually(() => expect(told).toHaveLength(2));
    expect(told).toMatchObject([
      { type: 'command_rejected', command: 'unlock', reason: 'size' },
      { type: 'command_rejected', command: 'enroll', reason: 'envelope' },
    ]);
    expect(obeyed).toEqual([]);
    expect(messenger.status().connection.state).toBe('connected');
  });

  it('stands a flood of garbage: nothing obeyed, few events, and it still obeys afterwards', async () => {
    const broker = await startMosquitto(await freePort(), ['allow_anonymous true', 'max_queued_messages 0']);
    const { obeyed, told, messenger } = await startDoor({
      config: { url: broker.url, commands: { keys: [ops.config], perSecond: 50, burst: 50 } },
    });
    const { client } = await observe(broker.url, 'x');
    const garbage = ['{}', 'null', '[[[[', '{"v":1,"kid":"ops-1","body":"AA","sig":"AA"}', 'x'.repeat(20_000)];
    for (let count = 0; count < 20_000; count++) {
      client.publish(`facelatch/front-door/request/${count % 2 === 0 ? 'unlock' : 'enroll'}`, garbage[count % 5], { qos: 0 });
      if (count % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await client.publishAsync('x', 'end', { qos: 1 });
    await eventually(() => {
      const rejected = told.flatMap((event) => (event.type === 'command_rejected' ? [event.count ?? 1] : []));
      expect(rejected.reduce((sum, count) => sum + count, 0)).toBe(20_000);
    });
    expect(told.length).toBeLessThan(500);
    expect(obeyed).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    await send(broker.url, 'list');
    expect(obeyed).toHaveLength(1);
    expect(messenger.status().connection.state).toBe('connected');
  });
});

describe('Home Assistant, which cannot sign', () => {
  const lock = 'facelatch/front-door/home-assistant/lock';

  it('finds the door, may lock it, and may not unlock it unless that is allowed', async () => {
    const { url, obeyed, told } = await startDoor({ config: { homeAssistant: { enabled: true } } });
    const { seen, client } = await observe(url, 'homeassistant/#');
    await eventually(() => expect(seen).toMatchObject([{ topic: 'homeassistant/device/front-door/config', retain: true }]));
    await client.publishAsync(lock, 'LOCK', { qos: 1 });
    await client.publishAsync(lock, 'UNLOCK', { qos: 1 });
    await client.publishAsync(lock, 'OPEN SESAME', { qos: 1 });
    await eventually(() => expect(told.filter(({ type }) => type === 'command_rejected')).toHaveLength(2));
    expect(obeyed).toEqual([{ name: 'lock', args: {} }]);
    expect(told).toMatchObject([
      { type: 'command_accepted', command: 'lock', kid: 'home-assistant' },
      { type: 'command_rejected', command: 'unlock', reason: 'permission' },
      { type: 'command_rejected', command: 'unlock', reason: 'body' },
    ]);
  });

  it('opens where that is allowed', async () => {
    const { url, obeyed } = await startDoor({ config: { homeAssistant: { enabled: true, allowUnlock: true } } });
    const { client } = await observe(url, 'x');
    await client.publishAsync(lock, 'UNLOCK', { qos: 1 });
    await eventually(() => expect(obeyed).toEqual([{ name: 'unlock', args: {} }]));
  });

  it('is told of the door again when it says that it has started', async () => {
    const { url } = await startDoor({ config: { homeAssistant: { enabled: true } } });
    const { seen, client } = await observe(url, 'homeassistant/device/#');
    await eventually(() => expect(seen).toHaveLength(1));
    await client.publishAsync('homeassistant/status', 'offline', { qos: 1 });
    await client.publishAsync('homeassistant/status', 'online', { qos: 1, retain: true });
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen[1]?.payload).toBe(seen[0]?.payload);
  });

  it('is not heard where it is not configured', async () => {
    const { url, obeyed, told } = await startDoor();
    const { seen, client } = await observe(url, '#');
    await client.publishAsync(lock, 'LOCK', { qos: 1 });
    await send(url, 'list');
    expect(obeyed.map(({ name }) => name)).toEqual(['list']);
    expect(told).toHaveLength(1);
    expect(seen.some(({ topic }) => topic.startsWith('homeassistant/'))).toBe(false);
  });
});
