import { createServer, connect as connectSocket, type AddressInfo } from 'node:net';
import mqtt from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isLoopback, publishRefusal } from '../../src/messages/broker-rules.js';
import { startEmbeddedBroker } from '../../src/messages/broker.js';
import { eventually, observe, RecordingLog, granted } from './support.js';

async function start(port = 0) {
  const log = new RecordingLog();
  const broker = await startEmbeddedBroker({ port, doorId: 'front-door', doorClientId: 'facelatch-front-door', log });
  onTestFinished(() => broker.stop());
  return { broker, log };
}

describe('the broker inside the process', () => {
  it('listens on loopback and tells its real port', async () => {
    const { broker } = await start();
    expect(broker.port).toBeGreaterThan(0);
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`);
    const { seen } = await observe(broker.url, '#');
    const door = await observe(broker.url, 'x', { ...broker.credentials, clientId: 'facelatch-front-door' });
    const event = JSON.stringify(granted());
    await door.client.publishAsync('facelatch/front-door/event', event, { qos: 1 });
    await eventually(() => expect(seen.map(({ payload }) => payload)).toEqual([event]));
  });

  it('says which port is taken and what to do', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    onTestFinished(() => void other.close());
    const { port } = other.address() as AddressInfo;
    await expect(start(port)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`127.0.0.1:${port}`) as string,
    });
    await expect(start(port)).rejects.toThrow(/mqtt\.url .* mqtt\.embeddedPort/);
  });

  it('lets others ask, but nobody but the door speak for the door', async () => {
    const { broker } = await start();
    const { seen } = await observe(broker.url);
    const ask = await observe(broker.url, 'x');
    await ask.client.publishAsync('facelatch/front-door/request/list', 'signed', { qos: 1 });
    await eventually(() => expect(seen).toHaveLength(1));
    for (const [topic, retain] of [
      ['facelatch/front-door/event', false],
      ['facelatch/front-door/state', true],
      ['facelatch/front-door/availability', true],
      ['facelatch/front-door/request/unlock', true],
      ['homeassistant/device/front-door/config', true],
      ['anything', false],
    ] as const) {
      const { client } = await observe(broker.url, 'x');
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.publish(topic, 'forged', { qos: 1, retain });
      await closed;
    }
    const late = await observe(broker.url);
    await ask.client.publishAsync('facelatch/front-door/request/list', 'again', { qos: 1 });
    await eventually(() => expect(late.seen.map(({ payload }) => payload)).toEqual(['again']));
    await eventually(() => expect(seen.map(({ payload }) => payload)).toEqual(['signed', 'again']));
  });

  it('refuses a last will in the name of the door', async () => {
    const { broker } = await start();
    const { seen } = await observe(broker.url);
    const { client } = await observe(broker.url, 'x', {
      will: { topic: 'facelatch/front-door/availability', payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    client.stream.destroy();
    const door = await observe(broker.url, 'x', { ...broker.credentials });
    await door.client.publishAsync('facelatch/front-door/availability', 'online', { qos: 1 });
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]?.payload).toBe('online');
  });

  it('keeps the client id of the door for the door, and its user name for who knows the password', async () => {
    const { broker } = await start();
    await expect(observe(broker.url, 'x', { clientId: 'facelatch-front-door' })).rejects.toMatchObject({ code: 2 });
    await expect(observe(broker.url, 'x', { username: 'facelatch', password: 'guess' })).rejects.toMatchObject({ code: 4 });
    const door = await observe(broker.url, 'x', { ...broker.credentials, clientId: 'facelatch-front-door' });
    expect(door.client.connected).toBe(true);
  });

  it('keeps nothing for a program that went away', async () => {
    const { broker } = await start();
    const first = await observe(broker.url, '#', { clientId: 'reader', clean: false });
    await first.client.endAsync();
    const door = await observe(broker.url, 'x', { ...broker.credentials });
    await door.client.publishAsync('facelatch/front-door/event', 'missed', { qos: 1 });
    const second = mqtt.connect(broker.url, { clientId: 'reader', clean: false, reconnectPeriod: 0 });
    onTestFinished(async () => await second.endAsync(true));
    const { sessionPresent } = await new Promise<{ sessionPresent: boolean }>((resolve) => second.once('connect', resolve));
    expect(sessionPresent).toBe(false);
  });

  it('closes on a packet that announces more than it may hold, and on garbage, and serves the others', async () => {
    const { broker } = await start();
    for (const bytes of [
      Buffer.from([0x30, 0xff, 0xff, 0xff, 0x7f]),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(100_000, 0xff),
    ]) {
      const socket = connectSocket(broker.port, '127.0.0.1');
      socket.on('error', () => undefined);
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      socket.write(bytes);
      await closed;
    }
    const { client } = await observe(broker.url);
    expect(client.connected).toBe(true);
  });

  it('stops twice, throwing everybody off and giving the port back', async () => {
    const { broker } = await start();
    const { client } = await observe(broker.url);
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await Promise.all([broker.stop(), broker.stop()]);
    await closed;
    const again = await start(broker.port);
    expect(again.broker.port).toBe(broker.port);
  });
});

describe('who may publish what on it', () => {
  it('is a matter of topic and retained flag', () => {
    expect(publishRefusal('a', 'facelatch/a/request/unlock', false)).toBeUndefined();
    expect(publishRefusal('a', 'facelatch/a/home-assistant/lock', false)).toBeUndefined();
    expect(publishRefusal('a', 'homeassistant/status', true)).toBeUndefined();
    expect(publishRefusal('a', 'facelatch/a/request/unlock', true)).toContain('retained');
    expect(publishRefusal('a', 'facelatch/a/home-assistant/lock', true)).toContain('retained');
    expect(publishRefusal('a', 'facelatch/b/request/unlock', false)).toContain('only the door');
    expect(publishRefusal('a', '$SYS/x', false)).toContain('only the door');
  });

  it('knows loopback addresses', () => {
    expect(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true);
    expect(['192.168.1.2', '10.127.0.1', '::2', '', undefined].some(isLoopback)).toBe(false);
  });
});
