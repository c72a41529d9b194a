import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import { v7 as uuidv7 } from 'uuid';
import { expect, onTestFinished, vi } from 'vitest';
import { configSchema, type Config } from '../../src/config-schema.js';
import type { DoorEvent, Happening } from '../../src/events.js';
import type { Log } from '../../src/messages/log.js';
import type { DoorState } from '../../src/messages/schemas.js';
import { problemWith } from './published.js';

/** Generous: the machine may be busy, and a wait ends as soon as it may. */
const PATIENCE = { timeout: 45_000, interval: 20 };
export const eventually = <T>(check: () => T | Promise<T>): Promise<T> => vi.waitFor(check, PATIENCE);

/**
 * Waits for many things of the same kind for as long as they keep coming: how fast they come is the machine's affair.
 *
 * @param left how many are still to come
 */
export async function untilNoneIsLeft(left: () => number): Promise<void> {
  let least = Infinity;
  for (let quietMs = 0; left() > 0; quietMs += 100) {
    if (left() < least) quietMs = 0;
    least = Math.min(least, left());
    if (quietMs >= PATIENCE.timeout) throw new Error(`${least} are missing, and none has come for ${quietMs / 1_000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export class RecordingLog implements Log {
  readonly lines: string[] = [];
  readonly debug = (details: object, message: string) => void this.lines.push(`debug ${message} ${JSON.stringify(details)}`);
  readonly info = (details: object, message: string) => void this.lines.push(`info ${message} ${JSON.stringify(details)}`);
  readonly warn = (details: object, message: string) => void this.lines.push(`warn ${message} ${JSON.stringify(details)}`);
  readonly error = (details: object, message: string) => void this.lines.push(`error ${message} ${JSON.stringify(details)}`);
}

export function mqttConfig(changes: object = {}): Config['mqtt'] {
  return configSchema.parse({ mqtt: { embeddedPort: 0, reconnectMinMs: 100, reconnectMaxMs: 200, ...changes } }).mqtt;
}

export const doorState: DoorState = {
  lock: 'LOCKED',
  contact: 'closed',
  mode: 'normal',
  health: { camera: 'ok', model: 'ok', relay: 'ok', store: 'ok' },
  people: 2,
};

export function stamp(happening: Happening): DoorEvent {
  return { ...happening, eventId: uuidv7(), time: '2026-01-05T08:00:00.000Z' };
}

export const granted = (track = 1) =>
  stamp({
    type: 'granted',
    person: { id: 'p1', name: 'Kian' },
    mode: 'recognition',
    distance: 0.4,
    similarity: 0.9,
    threshold: 0.7,
    track,
  });

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'facelatch-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const found = (command: string) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin command -v ${command}`]).status === 0;
/** Undefined where mosquitto and its clients are installed. */
export const noMosquitto = ['mosquitto', 'mosquitto_sub', 'mosquitto_pub'].every(found)
  ? undefined
  : 'mosquitto and mosquitto-clients are not installed';

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** What it has logged so far. */
  output(): string;
  stop(): Promise<void>;
}

/** A mosquitto of its own on loopback; `lines` are added to its configuration. */
export async function startMosquitto(port: number, lines: readonly string[] = ['allow_anonymous true']): Promise<Mosquitto> {
  const folder = temporaryFolder();
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, [`listener ${port} 127.0.0.1`, 'persistence false', 'user root', ...lines, ''].join('\n'));
  const child = spawn('mosquitto', ['-c', file, '-v'], {
    env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  onTestFinished(stop);
  await new Promise<void>((resolve, reject) => {
    const look = (data: Buffer) => {
      output += data.toString();
      if (/mosquitto version .* running/.test(output)) resolve();
    };
    child.stdout.on('data', look);
    child.stderr.on('data', look);
    child.once('close', () => reject(new Error(`mosquitto ended: ${output}`)));
  });
  return { port, url: `mqtt://127.0.0.1:${port}`, output: () => output, stop };
}

export interface Seen {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** What `mosquitto_sub` prints, from the moment that its subscription stands. */
export async function mosquittoSub(broker: Mosquitto, filter: string): Promise<Seen[]> {
  const id = `sub-${Math.random().toString(36).slice(2)}`;
  const child = spawn('mosquitto_sub', [
    '-h',
    '127.0.0.1',
    '-p',
    String(broker.port),
    '-i',
    id,
    '-q',
    '1',
    '-t',
    filter,
    '-F',
    '%j',
  ]);
  onTestFinished(() => void child.kill());
  const seen: Seen[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { topic, payload, qos, retain } = JSON.parse(line) as { topic: string; payload: unknown; qos: number; retain: number };
    seen.push({ topic, qos, retain: retain === 1, payload: typeof payload === 'string' ? payload : JSON.stringify(payload) });
  });
  await eventually(() => {
    if (!broker.output().includes(`Sending SUBACK to ${id}`)) throw new Error('not subscribed yet');
  });
  return seen;
}

/** What only a door may say. Requests are garbage in many tests, and answers are those of handlers made up there. */
const ofDoor = /^facelatch\/[^/]+\/(availability|state|event|health|snapshot)$|^homeassistant\/device\//;

/** A client of mqtt.js that sees everything under `filter`; what a door says must be as docs/asyncapi.yaml has it. */
export async function observe(
  url: string,
  filter = '#',
  options: IClientOptions = {},
): Promise<{ seen: Seen[]; client: MqttClient }> {
  const client = mqtt.connect(url, { reconnectPeriod: 0, ...options });
  onTestFinished(async () => await client.endAsync(true));
  const seen: Seen[] = [];
  const problems: string[] = [];
  client.on('message', (topic, payload, { qos, retain }: IPublishPacket) => {
    seen.push({ topic, payload: payload.toString(), qos, retain });
    const problem = ofDoor.test(topic) ? problemWith(topic, payload) : undefined;
    if (problem !== undefined) problems.push(problem);
  });
  onTestFinished(() => expect(problems).toEqual([]));
  await new Promise<void>((resolve, reject) => {
    client.once('connect', () => resolve());
    client.once('error', reject);
    client.once('close', () => reject(new Error('closed')));
  });
  await client.subscribeAsync(filter, { qos: 1 });
  return { seen, client };
}

/** A cable that can be cut: what connects to port `at` (any unless given) is joined with `target`. */
export async function startCable(target: number, at = 0): Promise<{ port: number; cut(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((done) => server.listen(at, '127.0.0.1', done));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, cut };
}
