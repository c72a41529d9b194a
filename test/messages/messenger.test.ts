import { createServer, type AddressInfo } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import type { DoorEvent } from '../../src/events.js';
import { FileJournal } from '../../src/messages/file-journal.js';
import { createMessenger, type MessengerOptions, type MessengerStatus } from '../../src/messages/messenger.js';
import { doorEventSchema, doorStateSchema } from '../../src/messages/schemas.js';
import {
  doorState,
  eventually,
  freePort,
  granted,
  mosquittoSub,
  mqttConfig,
  noMosquitto,
  observe,
  RecordingLog,
  startMosquitto,
  temporaryFolder,
  type Seen,
} from './support.js';

function makeMessenger(config: object = {}, more: Partial<MessengerOptions> = {}) {
  const log = new RecordingLog();
  const messenger = createMessenger({ config: mqttConfig(config), doorId: 'front-door', clock: systemClock, log, ...more });
  onTestFinished(() => messenger.stop());
  return { messenger, log };
}

const on = (seen: readonly Seen[], topic: string) => seen.filter((message) => message.topic === `facelatch/front-door/${topic}`);
const tracksOf = (seen: readonly Seen[]) =>
  on(seen, 'event').map(({ payload }) => {
    const event = doorEventSchema.parse(JSON.parse(payload)) as DoorEvent;
    return event.type === 'granted' ? event.track : event.type;
  });

describe('a door without a broker of its own', () => {
  it('can be watched on loopback: availability, state and events', async () => {
    const { messenger } = makeMessenger();
    await messenger.start();
    messenger.publishState(doorState);
    const { embeddedPort } = messenger.status();
    expect(embeddedPort).toBeGreaterThan(0);
    const { seen } = await observe(`mqtt://127.0.0.1:${embeddedPort}`);
    messenger.publishEvent(granted(1));
    await eventually(() => expect(tracksOf(seen)).toEqual([1]));
    await eventually(() => expect(on(seen, 'availability').at(-1)?.payload).toBe('online'));
    await eventually(() => expect(doorStateSchema.parse(JSON.parse(on(seen, 'state').at(-1)!.payload))).toEqual(doorState));
    await eventually(() =>
      expect(messenger.status()).toMatchObject({ connection: { protocolVersion: 4 }, outbox: { events: 0 } }),
    );
  });

  it('says which port is taken', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    onTestFinished(() => void other.close());
    const { messenger } = makeMessenger({ embeddedPort: (other.address() as AddressInfo).port });
    await expect(messenger.start()).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await messenger.stop();
  });
});

describe('a door whose broker is away', () => {
  it('starts, takes events and states, and stops', async () => {
    const statuses: MessengerStatus[] = [];
    const { messenger } = makeMessenger(
      { url: `mqtt://127.0.0.1:${await freePort()}` },
      { onStatus: (status) => statuses.push(status) },
    );
    await messenger.start();
    messenger.publishState(doorState);
    messenger.publishEvent(granted(1));
    await eventually(() => expect(messenger.status()).toMatchObject({ outbox: { events: 1 }, connection: { state: 'waiting' } }));
    expect(statuses.some(({ connection }) => connection.problem?.includes('ECONNREFUSED'))).toBe(true);
    await Promise.all([messenger.stop(), messenger.stop()]);
    expect(messenger.status().connection.state).toBe('stopped');
  });

  it('never holds more than its limits', async () => {
    const { messenger } = makeMessenger({
      url: `mqtt://127.0.0.1:${await freePort()}`,
      outbox: { maxEvents: 100, maxBytes: 30_000 },
    });
    await messenger.start();
    for (let track = 0; track < 5_000; track++) messenger.publishEvent(granted(track));
    await eventually(() => expect(messenger.status().outbox.dropped).toBeGreaterThan(4_900));
    const { events, bytes } = messenger.status().outbox;
    expect(events).toBeLessThanOrEqual(100);
    expect(bytes).toBeLessThanOrEqual(30_000);
  });

  it('can be stopped before it was started', async () => {
    const { messenger } = makeMessenger();
    await messenger.stop();
    expect(messenger.status().connection.state).toBe('stopped');
  });

  it('refuses to start with a password file that is not there', async () => {
    const { messenger } = makeMessenger({ url: 'mqtt://127.0.0.1:1', username: 'door', passwordFile: '/nonexistent/password' });
    await expect(messenger.start()).rejects.toMatchObject({
      code: 'SECRET_UNREADABLE',
      message: expect.stringContaining('mqtt.passwordFile at /nonexistent/password') as string,
    });
  });
});

describe.skipIf(noMosquitto)(`a door at mosquitto${noMosquitto ? ` (skipped: ${noMosquitto})` : ''}`, () => {
  it('is seen by mosquitto_sub: events as they happen, availability and state retained', async () => {
    const broker = await startMosquitto(await freePort());
    const events = await mosquittoSub(broker, 'facelatch/#');
    const { messenger } = makeMessenger({ url: broker.url });
    await messenger.start();
    messenger.publishState(doorState);
    messenger.publishEvent(granted(1));
    messenger.publishEvent(granted(2));
    await eventually(() => expect(tracksOf(events)).toEqual([1, 2]));
    expect(on(events, 'event').every(({ qos, retain }) => qos === 1 && !retain)).toBe(true);
    expect(messenger.status().connection.protocolVersion).toBe(5);

    const late = await mosquittoSub(broker, 'facelatch/#');
    await eventually(() =>
      expect(late.map(({ topic, retain, qos }) => [topic, retain, qos]).sort()).toEqual([
        ['facelatch/front-door/availability', true, 1],
        ['facelatch/front-door/state', true, 1],
      ]),
    );
  });

  it('publishes its state on change only, the newest last', async () => {
    const broker = await startMosquitto(await freePort());
    const { seen } = await observe(broker.url);
    const { messenger } = makeMessenger({ url: broker.url });
    await messenger.start();
    messenger.publishState(doorState);
    await eventually(() => expect(on(seen, 'state')).toHaveLength(1));
    messenger.publishState({ ...doorState });
    const { people, ...rest } = doorState;
    messenger.publishState({ people, ...rest });
    for (let count = 1; count <= 200; count++) messenger.publishState({ ...doorState, people: count });
    await eventually(() => expect(JSON.parse(on(seen, 'state').at(-1)!.payload)).toMatchObject({ people: 200 }));
    // Those between were overtaken while the first was on its way.
    expect(on(seen, 'state').length).toBeLessThan(50);
    const payloads = on(seen, 'state').map(({ payload }) => payload);
    expect(payloads.every((payload, index) => payload !== payloads[index - 1])).toBe(true);
  });

  it('catches up after the broker was restarted: state again, and every event that waited, in order', async () => {
    const port = await freePort();
    const first = await startMosquitto(port);
    const { messenger } = makeMessenger({ url: first.url });
    await messenger.start();
    messenger.publishState(doorState);
    await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
    await first.stop();
    await eventually(() => expect(messenger.status().connection.state).not.toBe('connected'));
    for (let track = 1; track <= 500; track++) messenger.publishEvent(granted(track));
    const second = await startMosquitto(port);
    const { seen } = await observe(second.url);
    await eventually(() => expect(tracksOf(seen).length).toBeGreaterThanOrEqual(500));
    const ids = on(seen, 'event').map(({ payload }) => (JSON.parse(payload) as DoorEvent).eventId);
    expect([...new Set(tracksOf(seen))]).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
    expect(new Set(ids).size).toBe(500);
    await eventually(() => expect(on(seen, 'state')).not.toHaveLength(0));
    await eventually(() => expect(messenger.status().outbox.events).toBe(0));
  });

  it('sends its last event before it says offline', async () => {
    const broker = await startMosquitto(await freePort());
    const { seen } = await observe(broker.url);
    const { messenger } = makeMessenger({ url: broker.url }, { journal: new FileJournal(join(temporaryFolder(), 'outbox')) });
    await messenger.start();
    await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
    messenger.publishEvent(granted(7));
    await messenger.stop();
    await eventually(() => expect(on(seen, 'availability').at(-1)?.payload).toBe('offline'));
    expect(tracksOf(seen)).toEqual([7]);
    expect(seen.findIndex(({ topic }) => topic.endsWith('/event'))).toBeLessThan(
      seen.findIndex(({ payload }) => payload === 'offline'),
    );
  });

  it('keeps events from one run of the door for the next', async () => {
    const port = await freePort();
    const path = join(temporaryFolder(), 'outbox');
    const first = makeMessenger({ url: `mqtt://127.0.0.1:${port}` }, { journal: new FileJournal(path) });
    await first.messenger.start();
    for (let track = 1; track <= 3; track++) first.messenger.publishEvent(granted(track));
    await first.messenger.stop();
    const broker = await startMosquitto(port);
    const { seen } = await observe(broker.url);
    const second = makeMessenger({ url: broker.url }, { journal: new FileJournal(path) });
    await second.messenger.start();
    second.messenger.publishEvent(granted(4));
    await eventually(() => expect(tracksOf(seen)).toEqual([1, 2, 3, 4]));
  });

  it('keeps an event that the broker refuses, and tries it again', async () => {
    const folder = temporaryFolder();
    const acl = join(folder, 'acl');
    const rules = 'topic readwrite facelatch/front-door/availability\ntopic readwrite facelatch/front-door/state\ntopic read #\n';
    writeFileSync(acl, rules, { mode: 0o644 });
    const broker = await startMosquitto(await freePort(), ['allow_anonymous true', `acl_file ${acl}`]);
    const { messenger, log } = makeMessenger({ url: broker.url });
    await messenger.start();
    messenger.publishEvent(granted(1));
    await eventually(() => expect(log.lines.join()).toContain('did not take an event; it is kept'));
    expect(messenger.status().outbox.events).toBe(1);
  });

  it('shows user and password to a broker that asks, and to nobody else', async () => {
    const folder = temporaryFolder();
    const users = join(folder, 'users');
    // mosquitto_passwd -c -b: PBKDF2 of the password "correct horse".
    const { spawnSync } = await import('node:child_process');
    spawnSync('mosquitto_passwd', ['-c', '-b', users, 'door', 'correct horse']);
    const broker = await startMosquitto(await freePort(), ['allow_anonymous false', `password_file ${users}`]);
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, 'correct horse\n');
    const { messenger, log } = makeMessenger({ url: broker.url, username: 'door', passwordFile });
    await messenger.start();
    await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
    expect(log.lines.join() + JSON.stringify(messenger.status())).not.toContain('correct horse');
  });
});
