import mqtt, { type IClientOptions, type IConnackPacket, type IPublishPacket, type MqttClient } from 'mqtt';
import { reasonOf } from '../errors.js';
import type { Credentials } from './credentials.js';

/** 5 where the broker has it; 4 is MQTT 3.1.1. */
export type ProtocolVersion = 4 | 5;

export interface Publication {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  /** MQTT 5: what a reply repeats of its request. */
  readonly correlationData?: Buffer;
}

export interface Message {
  readonly topic: string;
  readonly payload: Buffer;
  /** The sender marked it as retained. A 3.1.1 broker tells that only of a message older than the subscription. */
  readonly retained: boolean;
  /** MQTT 5 request and response (clause 4.10). */
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface SessionOptions {
  readonly url: string;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly keepAliveSeconds: number;
  readonly credentials: Credentials;
  readonly will?: Publication;
  /** MQTT 5: the broker keeps larger packets to itself. */
  readonly maxPacketBytes?: number;
  /** Gives up the attempt. */
  readonly signal: AbortSignal;
  readonly onMessage: (message: Message) => void;
}

/** Why no session came about. */
export class NoSession extends Error {
  override readonly name = 'NoSession';
  /** The broker is there but does not speak this version, or closed without a word, as old ones do. */
  readonly versionInDoubt: boolean;

  constructor(message: string, versionInDoubt: boolean) {
    super(message);
    this.versionInDoubt = versionInDoubt;
  }
}

/** How long a broker may take from TCP to CONNACK, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;
/** CONNACK "unacceptable protocol version": MQTT 3.1.1 clause 3.2.2.3, and MQTT 5 clause 3.2.2.2. */
const VERSION_REFUSED = [1, 132];
/** MQTT 5 clause 3.14.2.1. */
const SESSION_TAKEN_OVER = 142;

/**
 * One connection to the broker, from CONNECT to its end; it is never revived. Nothing is queued: what is not acknowledged
 * when it ends is rejected, and durable things are sent again by those who keep them.
 */
export class Session {
  readonly protocolVersion: ProtocolVersion;
  /** How many QoS 1 publications may wait for PUBACK (MQTT 5 clause 3.2.2.3.3; more is a protocol error). */
  readonly receiveMaximum: number;
  /** Settles, never rejects, when the connection has ended, with the reason where one was given. */
  readonly ended: Promise<string | undefined>;
  readonly #client: MqttClient;

  /** Use {@link openSession}. */
  constructor(client: MqttClient, protocolVersion: ProtocolVersion, connack: IConnackPacket, ended: Session['ended']) {
    this.#client = client;
    this.protocolVersion = protocolVersion;
    this.receiveMaximum = connack.properties?.receiveMaximum ?? 65_535;
    this.ended = ended;
  }

  /** Resolves at PUBACK (QoS 1) or when written (QoS 0); rejects when the broker refuses or the connection ends before. */
  async publish({ topic, payload, qos, retain, correlationData }: Publication): Promise<void> {
    // Otherwise mqtt.js would keep it for a reconnection that never comes.
    if (!this.#client.connected) throw new Error('the connection has ended');
    await this.#client.publishAsync(topic, payload, { qos, retain, ...(correlationData && { properties: { correlationData } }) });
  }

  /** Resolves when the broker has accepted the subscription. */
  async subscribe(filter: string): Promise<void> {
    // rap: without it a broker hides that the sender marked a message as retained (MQTT 5 clause 3.8.3.1).
    await this.#client.subscribeAsync(filter, { qos: 1, rap: true });
  }

  /** Says DISCONNECT, so that the broker forgets the will, and closes; safe to call twice. */
  async close(): Promise<void> {
    this.#client.end(false);
    await this.ended;
  }

  /** Closes without a word; the broker publishes the will. */
  destroy(): void {
    this.#client.stream.destroy();
  }
}

/** @throws NoSession where the broker is away, refuses, or does not answer in time; or when the signal is given */
export async function openSession(options: SessionOptions): Promise<Session> {
  const client = mqtt.connect(options.url, clientOptions(options));
  const giveUp = () => void client.stream.destroy();
  options.signal.addEventListener('abort', giveUp, { once: true });

  let reason: string | undefined;
  let refusedWith: number | undefined;
  client.on('error', (error) => {
    reason ??= reasonOf(error) || (error as NodeJS.ErrnoException).code;
    if (typeof (error as { code?: unknown }).code === 'number') refusedWith = (error as unknown as { code: number }).code;
  });
  client.on('disconnect', ({ reasonCode }) => {
    reason =
      reasonCode === SESSION_TAKEN_OVER
        ? `another client connected with the client id ${options.clientId}`
        : `the broker said DISCONNECT with reason code ${reasonCode ?? 0}`;
  });
  client.on('message', (topic, payload, packet) => options.onMessage(messageOf(topic, payload, packet)));

  const ended = new Promise<string | undefined>((resolve) => {
    client.once('close', () => {
      // Rejects what waits for PUBACK; mqtt.js would keep it for its own reconnection otherwise.
      client.end(true);
      resolve(reason);
    });
  });
  const connack = new Promise<IConnackPacket>((resolve) => client.once('connect', resolve));
  const first = await Promise.race([connack, ended]);
  options.signal.removeEventListener('abort', giveUp);
  if (typeof first !== 'object') {
    const versionInDoubt = refusedWith === undefined ? first === undefined : VERSION_REFUSED.includes(refusedWith);
    throw new NoSession(first ?? 'the broker closed without an answer', versionInDoubt && !options.signal.aborted);
  }
  if (options.signal.aborted) client.stream.destroy();
  return new Session(client, options.protocolVersion, first, ended);
}

function clientOptions(options: SessionOptions): IClientOptions {
  const { will, maxPacketBytes } = options;
  return {
    ...options.credentials,
    clientId: options.clientId,
    protocolVersion: options.protocolVersion,
    keepalive: options.keepAliveSeconds,
    // Else 65,536 buffers are made before the first packet: 80 ms of a start, and 10 MB, to spare a door's few packets nothing.
    writeCache: false,
    // Nothing rests with the broker or in mqtt.js between two connections: the outbox alone remembers.
    clean: true,
    reconnectPeriod: 0,
    queueQoSZero: false,
    connectTimeout: CONNECT_TIMEOUT_MS,
    ...(will && { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: will.qos, retain: will.retain } }),
    // What is received is handled at once; more than a few at a time only fills memory.
    properties: { receiveMaximum: 16, ...(maxPacketBytes !== undefined && { maximumPacketSize: maxPacketBytes }) },
    // mqtt.js prints whole packets, the password among them, when DEBUG is set.
    log: () => undefined,
  };
}

function messageOf(topic: string, payload: Buffer, packet: IPublishPacket): Message {
  const { responseTopic, correlationData } = packet.properties ?? {};
  return {
    topic,
    payload,
    retained: packet.retain,
    ...(responseTopic !== undefined && { responseTopic }),
    ...(correlationData !== undefined && { correlationData }),
  };
}
