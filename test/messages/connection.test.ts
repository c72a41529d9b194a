import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { startEmbeddedBroker } from '../../src/messages/broker.js';
import { Connection, type ConnectionOptions, type ConnectionStatus, type Link } from '../../src/messages/connection.js';
import type { Message } from '../../src/messages/session.js';
import { eventually, freePort, noMosquitto, observe, RecordingLog, startCable, startMosquitto } from './support.js';

function connectTo(url: string, changes: Partial<ConnectionOptions> = {}) {
  const log = new RecordingLog();
  const links: Link[] = [];
  const statuses: ConnectionStatus[] = [];
  const messages: Message[] = [];
  let unlinks = 0;
  const connection = new Connection({
    url,
    clientId: 'facelatch-front-door',
    keepAliveSeconds: 30,
    reconnectMinMs: 100,
    reconnectMaxMs: 200,
    versions: [5, 4],
    availability: 'facelatch/front-door/availability',
    subscriptions: ['facelatch/front-door/request/+'],
    maxPacketBytes: 100_000,
    credentials: () => Promise.resolve({}),
    onLink: (link) => links.push(link),
    onUnlink: () => unlinks++,
    onMessage: (message) => messages.push(message),
    onStatus: (status) => statuses.push(status),
    clock: systemClock,
    log,
    random: () => 0.5,
    ...changes,
  });
  onTestFinished(() => connection.stop());
  connection.start();
  return { connection, links, statuses, messages, log, unlinks: () => unlinks };
}

const linked = (links: readonly Link[], count = 1) =>
  eventually(() => {
    expect(links.length).toBeGreaterThanOrEqual(count);
    return links.at(-1)!;
  });

describe('a connection to the embedded broker', () => {
  const start = async (port = 0) => {
    const broker = await startEmbeddedBroker({
      port,
      doorId: 'front-door',
      doorClientId: 'facelatch-front-door',
      log: new RecordingLog(),
    });
    onTestFinished(() => broker.stop());
    return broker;
  };

  it('falls back to MQTT 3.1.1 where 5 is refused, and stays there', async () => {
    const broker = await start();
    const { links, connection, unlinks } = connectTo(broker.url, { credentials: () => Promise.resolve(broker.credentials) });
    expect((await linked(links)).protocolVersion).toBe(4);
    expect(connection.status).toMatchObject({ state: 'connected', protocolVersion: 4, failures: 0 });
    await broker.stop();
    await eventually(() => expect(unlinks()).toBe(1));
    const again = await startEmbeddedBroker({
      port: broker.port,
      doorId: 'front-door',
      doorClientId: 'x',
      log: new RecordingLog(),
    });
    onTestFinished(() => again.stop());
    // The new broker's password is another: refused, and tried for ever.
    await eventually(() => expect(connection.status.problem).toMatch(/Connection refused/));
    expect(links).toHaveLength(1);
  });

  it('rejects what was not acknowledged when the connection ended, and queues nothing afterwards', async () => {
    const broker = await start();
    const cable = await startCable(broker.port);
    const { links } = connectTo(`mqtt://127.0.0.1:${cable.port}`, { credentials: () => Promise.resolve(broker.credentials) });
    const first = await linked(links);
    const outcomes = Array.from({ length: 20 }, () =>
      first.publish({ topic: 'facelatch/front-door/event', payload: 'x', qos: 1, retain: false }).then(
        () => 'acknowledged',
        () => 'rejected',
      ),
    );
    cable.cut();
    expect(new Set(await Promise.all(outcomes))).toContain('rejected');
    await linked(links, 2);
    await expect(first.publish({ topic: 'facelatch/front-door/event', payload: 'x', qos: 0, retain: false })).rejects.toThrow(
      'ended',
    );
  });
});

describe('a connection without a broker', () => {
  it('starts at once, keeps trying with back-off, says why once, and stops at once', async () => {
    const { connection, statuses, log } = connectTo(`mqtt://127.0.0.1:${await freePort()}`);
    await eventually(() => expect(statuses.filter(({ state }) => state === 'waiting').length).toBeGreaterThanOrEqual(3));
    expect(connection.status.problem).toContain('ECONNREFUSED');
    expect(Math.max(...statuses.map(({ failures }) => failures))).toBeGreaterThanOrEqual(3);
    expect(log.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
    await Promise.all([connection.stop(), connection.stop()]);
    expect(connection.status).toMatchObject({ state: 'stopped', url: connection.status.url, failures: 0 });
  });

  it('stops while a broker that never answers keeps it waiting', async () => {
    const sockets: Socket[] = [];
    const mute = createServer((socket) => sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const { connection } = connectTo(`mqtt://127.0.0.1:${(mute.address() as AddressInfo).port}`);
    await eventually(() => expect(sockets).toHaveLength(1));
    const began = performance.now();
    await connection.stop();
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('tries the other version after a broker that closes without a word', async () => {
    const versions: number[] = [];
    const rude = createServer((socket) => {
      socket.on('error', () => undefined);
      // CONNECT: the protocol level stands behind the length and the six bytes of "MQTT" (MQTT 3.1.1 clause 3.1.2.2).
      socket.once('data', (data: Buffer) => {
        versions.push(data.readUInt8(data.indexOf('MQTT') + 4));
        socket.destroy();
      });
    });
    await new Promise<void>((done) => rude.listen(0, '127.0.0.1', done));
    onTestFinished(() => void rude.close());
    connectTo(`mqtt://127.0.0.1:${(rude.address() as AddressInfo).port}`);
    await eventually(() => expect(versions.slice(0, 2)).toEqual([5, 4]));
  });

  it('reports a broker that says another client has taken over, and waits longer each time', async () => {
    const newer = createServer((socket) => {
      socket.on('error', () => undefined);
      // MQTT 5: CONNACK, and at the next packet DISCONNECT with reason 0x8e, Session taken over (clause 3.14.2.1).
      socket.once('data', () => {
        socket.write(Buffer.from([0x20, 3, 0, 0, 0]));
        socket.once('data', () => socket.end(Buffer.from([0xe0, 2, 0x8e, 0])));
      });
    });
    await new Promise<void>((done) => newer.listen(0, '127.0.0.1', done));
    onTestFinished(() => void newer.close());
    const { connection, statuses } = connectTo(`mqtt://127.0.0.1:${(newer.address() as AddressInfo).port}`);
    await eventually(() =>
      expect(connection.status.problem).toBe('another client connected with the client id facelatch-front-door'),
    );
    await eventually(() => expect(Math.max(...statuses.map(({ failures }) => failures))).toBeGreaterThanOrEqual(3));
  });

  it('reports credentials that cannot be read and tries again', async () => {
    let reads = 0;
    const { connection } = connectTo('mqtt://127.0.0.1:1', {
      credentials: () => Promise.reject(new Error(`no password, attempt ${++reads}`)),
    });
    await eventually(() => expect(connection.status.problem).toBe('no password, attempt 2'));
  });
});

describe.skipIf(noMosquitto)(`a connection to mosquitto${noMosquitto ? ` (skipped: ${noMosquitto})` : ''}`, () => {
  it('speaks MQTT 5 and says online, retained', async () => {
    const broker = await startMosquitto(await freePort());
    const { links } = connectTo(broker.url);
    const link = await linked(links);
    expect(link.protocolVersion).toBe(5);
    // mosquitto's max_inflight_messages: 20 unless set.
    expect(link.receiveMaximum).toBe(20);
    const { seen } = await observe(broker.url, 'facelatch/+/availability');
    await eventually(() =>
      expect(seen).toEqual([{ topic: 'facelatch/front-door/availability', payload: 'online', qos: 1, retain: true }]),
    );
  });

  it('leaves the last will offline when its cable is cut, and says online when it is back', async () => {
    const broker = await startMosquitto(await freePort());
    const cable = await startCable(broker.port);
    const { seen } = await observe(broker.url, 'facelatch/+/availability');
    const { links, unlinks } = connectTo(`mqtt://127.0.0.1:${cable.port}`);
    await linked(links);
    cable.cut();
    await linked(links, 2);
    expect(unlinks()).toBe(1);
    await eventually(() => expect(seen.map(({ payload }) => payload)).toEqual(['online', 'offline', 'online']));
  });

  it('says offline when it is stopped, without the broker having to miss it', async () => {
    const broker = await startMosquitto(await freePort());
    const { seen } = await observe(broker.url, 'facelatch/+/availability');
    const { links, connection, unlinks } = connectTo(broker.url);
    await linked(links);
    await connection.stop();
    expect(unlinks()).toBe(1);
    await eventually(() => expect(seen.map(({ payload }) => payload)).toEqual(['online', 'offline']));
    const late = await observe(broker.url, 'facelatch/+/availability');
    await eventually(() => expect(late.seen).toMatchObject([{ payload: 'offline', retain: true }]));
  });

  it('comes back after the broker was restarted', async () => {
    const port = await freePort();
    const first = await startMosquitto(port);
    const { links } = connectTo(first.url);
    await linked(links);
    await first.stop();
    const second = await startMosquitto(port);
    await linked(links, 2);
    const { seen } = await observe(second.url, 'facelatch/+/availability');
    await eventually(() => expect(seen).toMatchObject([{ payload: 'online', retain: true }]));
  });

  it('suspects another client with its client id when its connections keep ending at once', async () => {
    const broker = await startMosquitto(await freePort());
    const { links, connection, log } = connectTo(broker.url);
    await linked(links);
    await observe(broker.url, 'x', { clientId: 'facelatch-front-door', protocolVersion: 5, reconnectPeriod: 50 });
    await eventually(() => expect(connection.status.problem).toMatch(/another client may use .* facelatch-front-door/));
    expect(log.lines.some((line) => line.includes('another client'))).toBe(true);
  });

  it('hears requests, with what MQTT 5 says of the answer and whether they were retained', async () => {
    const broker = await startMosquitto(await freePort());
    const { links, messages } = connectTo(broker.url);
    await linked(links);
    const { client } = await observe(broker.url, 'x', { protocolVersion: 5 });
    const properties = { responseTopic: 'me/answers', correlationData: Buffer.from('7') };
    await client.publishAsync('facelatch/front-door/request/list', 'a', { qos: 1, properties });
    // Published while the subscription stands: a broker passes the mark on only because the door asks for it.
    await client.publishAsync('facelatch/front-door/request/unlock', 'b', { qos: 1, retain: true });
    await eventually(() => expect(messages).toHaveLength(2));
    expect(messages[0]).toMatchObject({ topic: 'facelatch/front-door/request/list', retained: false, ...properties });
    expect(messages[1]).toMatchObject({ payload: Buffer.from('b'), retained: true });
  });

  it('reports a broker that refuses the door, and never shows the password', async () => {
    const broker = await startMosquitto(await freePort(), ['allow_anonymous false']);
    const { connection, log } = connectTo(broker.url, {
      credentials: () => Promise.resolve({ username: 'door', password: 'hunter2-hunter2' }),
    });
    await eventually(() => expect(connection.status.problem).toMatch(/Not authorized/i));
    expect(log.lines.join() + JSON.stringify(connection.status)).not.toContain('hunter2');
  });
});
