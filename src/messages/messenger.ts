import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import { reasonOf } from '../errors.js';
import type { DoorEvent, Emit } from '../events.js';
import type { Health } from '../health-schema.js';
import type { EmbeddedBroker } from './broker.js';
import { CommandDesk, type CommandHandler } from './command-desk.js';
import { Connection, type ConnectionStatus, type Link } from './connection.js';
import { readCredentials } from './credentials.js';
import { EventPump } from './event-pump.js';
import { discoveryPayload, discoveryTopic, HOME_ASSISTANT_STATUS } from './home-assistant.js';
import { NoJournal, type Journal } from './journal.js';
import type { Log } from './log.js';
import { Outbox, type OutboxStatus } from './outbox.js';
import type { Message, Publication } from './session.js';
import { StatePublisher, type DoorStanding } from './state-publisher.js';
import { topicsOf } from './topics.js';
import { within } from './within.js';

export interface MessengerOptions {
  readonly config: Config['mqtt'];
  readonly doorId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Where events wait for the broker; in memory only unless given. */
  readonly journal?: Journal;
  /** What the door does when it is told to, and where that is told; without it nobody can command. */
  readonly commands?: { readonly handle: CommandHandler; readonly emit: Emit };
  /** For Home Assistant. */
  readonly doorName?: string;
  readonly version?: string;
  readonly onStatus?: (status: MessengerStatus) => void;
}

export interface MessengerStatus {
  readonly connection: ConnectionStatus;
  /** The port of the broker inside the process, where there is one. */
  readonly embeddedPort?: number;
  readonly outbox: OutboxStatus;
}

/** What the door says to the world, and hears from it. Nothing here waits for a broker. */
export interface Messenger {
  /**
   * @throws FacelatchError PORT_TAKEN, BROKER_UNAVAILABLE (both of the broker inside the process), SECRET_UNREADABLE; never
   * because a broker is away
   */
  start(): Promise<void>;
  /** Takes the event into the outbox; never throws. */
  publishEvent(event: DoorEvent): void;
  /** Publishes the state where it differs from the last one; never throws. */
  publishState(state: DoorStanding): void;
  /** Publishes figures where there is a broker now; never throws. */
  publishHealth(health: Health): void;
  /** Publishes a JPEG of a face where the configuration allows it and there is a broker now; never throws. */
  publishSnapshot(jpeg: Buffer): void;
  /** Takes back events about these people that the broker does not have yet, from the disk as well. */
  forget(ids: readonly string[]): void;
  status(): MessengerStatus;
  /** Gives what waits a moment, says `offline` and ends. Safe to call twice, and before start. */
  stop(): Promise<void>;
}

/** At stop: how long the broker may take to acknowledge the last events, in milliseconds. */
const LAST_EVENTS_MS = 1_000;
/** Topic and properties of the greatest command. */
const PACKET_OVERHEAD_BYTES = 4_096;
const DAY_MS = 86_400_000;

export function createMessenger(options: MessengerOptions): Messenger {
  const { config, doorId, clock, log } = options;
  const topics = topicsOf(doorId);
  const clientId = config.clientId ?? `facelatch-${doorId}`;
  let broker: EmbeddedBroker | undefined;
  let connection: Connection | undefined;
  let stopped: Promise<void> | undefined;
  let settleDrained: (() => void) | undefined;

  const outbox = new Outbox({
    limits: {
      maxEvents: config.outbox.maxEvents,
      maxBytes: config.outbox.maxBytes,
      maxAgeMs: config.outbox.maxAgeDays * DAY_MS,
    },
    journal: options.journal ?? new NoJournal(),
    clock,
    log,
    stamp: (happening) => ({ ...happening, eventId: uuidv7(), time: clock.wallTime().toISOString() }),
    onReady: () => {
      pump.pump();
      if (outbox.status.events === 0) settleDrained?.();
    },
  });
  const pump = new EventPump({ topic: topics.event, outbox, clock, log });
  const state = new StatePublisher(topics.state, () => desk?.nonce, log);
  const link = { current: undefined as Link | undefined };
  const send = (publication: Publication) => {
    link.current?.publish(publication).catch((error: unknown) => {
      log.debug({ topic: publication.topic, reason: reasonOf(error) }, 'a message was not delivered');
    });
  };
  const desk =
    options.commands &&
    new CommandDesk({
      ...options.commands,
      config: config.commands,
      door: doorId,
      topics,
      clock,
      log,
      recorded: () => outbox.settled(),
      reply: send,
      onNonce: () => state.refresh(),
    });
  const { enabled: homeAssistant, allowUnlock } = config.homeAssistant;
  const discover = () => {
    const { doorName = doorId, version = '' } = options;
    const payload = discoveryPayload({ doorId, doorName, version, topics, snapshots: config.snapshots });
    if (homeAssistant) send({ topic: discoveryTopic(doorId), payload: JSON.stringify(payload), qos: 1, retain: true });
  };
  const receive = (message: Message) => {
    if (message.topic === topics.homeAssistantLock) desk?.receiveUnsigned(message, allowUnlock);
    else if (message.topic !== HOME_ASSISTANT_STATUS) desk?.receive(message);
    else if (message.payload.toString('latin1', 0, 8) === 'online') discover();
  };
  const subscriptions = [
    ...(desk && config.commands.keys.length > 0 ? [topics.requests] : []),
    ...(homeAssistant ? [HOME_ASSISTANT_STATUS, ...(desk ? [topics.homeAssistantLock] : [])] : []),
  ];

  const status = (): MessengerStatus => ({
    connection: connection?.status ?? { state: 'stopped', url: config.url ?? '', failures: 0, connections: 0 },
    ...(broker && { embeddedPort: broker.port }),
    outbox: outbox.status,
  });

  const start = async () => {
    // A missing file is told at start; later it only delays a connection.
    await readCredentials(config);
    await outbox.start();
    if (config.url === undefined) {
      // Only here: most doors have a broker of their site.
      const { startEmbeddedBroker } = await import('./broker.js');
      broker = await startEmbeddedBroker({ port: config.embeddedPort, doorId, doorClientId: clientId, log });
      log.info({ url: broker.url }, 'an MQTT broker inside the process listens on loopback');
    }
    const own = broker;
    connection = new Connection({
      url: own?.url ?? config.url ?? '',
      clientId,
      keepAliveSeconds: config.keepAliveSeconds,
      reconnectMinMs: config.reconnectMinMs,
      reconnectMaxMs: config.reconnectMaxMs,
      // aedes speaks 3.1.1 only.
      versions: own ? [4] : [5, 4],
      availability: topics.availability,
      subscriptions,
      maxPacketBytes: config.commands.maxBytes + PACKET_OVERHEAD_BYTES,
      credentials: () => (own ? Promise.resolve(own.credentials) : readCredentials(config)),
      onLink: (next) => {
        link.current = next;
        discover();
        state.linked(next);
        pump.linked(next);
      },
      onUnlink: () => {
        link.current = undefined;
        state.unlinked();
        pump.unlinked();
      },
      onMessage: receive,
      onStatus: () => options.onStatus?.(status()),
      clock,
      log,
      random: Math.random,
    });
    desk?.start();
    connection.start();
  };

  const stop = async () => {
    desk?.stop();
    if (connection?.status.state === 'connected' && outbox.status.events > 0) {
      await within(clock, LAST_EVENTS_MS, new Promise<void>((resolve) => (settleDrained = resolve)));
    }
    await connection?.stop();
    await outbox.stop();
    await broker?.stop();
  };

  return {
    start,
    publishEvent: (event) => void outbox.append(event),
    publishState: (next) => state.publish(next),
    publishHealth: (health) => send({ topic: topics.health, payload: JSON.stringify(health), qos: 0, retain: true }),
    forget: (ids) => void outbox.forget(ids),
    publishSnapshot: (jpeg) => {
      if (config.snapshots) send({ topic: topics.snapshot, payload: jpeg, qos: 0, retain: false });
    },
    status,
    stop: () => (stopped ??= stop()),
  };
}
