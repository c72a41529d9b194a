import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { Aedes, type AuthenticateError, type Client } from 'aedes';
import { fault, reasonOf } from '../errors.js';
import { isLoopback, publishRefusal } from './broker-rules.js';
import type { Log } from './log.js';
import { PacketLimit } from './packet-limit.js';

const HOST = '127.0.0.1';
const LIMITS = {
  clients: 32,
  /** Ten photographs in one signed command, and base64 twice. */
  packetBytes: 32 * 1024 * 1024,
  connectTimeoutMs: 5_000,
  topicLevels: 16,
};
/** MQTT 3.1.1 clause 3.2.2.3: return codes of CONNACK. */
const IDENTIFIER_REJECTED = 2;
const BAD_USER_OR_PASSWORD = 4;

export interface EmbeddedBrokerOptions {
  /** 0 takes any free port. */
  readonly port: number;
  readonly doorId: string;
  /** Only the door may connect with this client id. */
  readonly doorClientId: string;
  readonly log: Log;
}

export interface EmbeddedBroker {
  readonly port: number;
  readonly url: string;
  /** What the door proves itself with: nobody else may speak for it. New at every start, in memory only. */
  readonly credentials: { readonly username: string; readonly password: string };
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * An MQTT 3.1.1 broker inside the process, for a door without one: on loopback only, without a disk, so that every program of
 * this machine can see the events (`mosquitto_sub -t 'facelatch/#'`) and no other machine can.
 *
 * @throws FacelatchError PORT_TAKEN, BROKER_UNAVAILABLE (the port cannot be listened on for another reason)
 */
export async function startEmbeddedBroker(options: EmbeddedBrokerOptions): Promise<EmbeddedBroker> {
  const credentials = { username: 'facelatch', password: randomBytes(24).toString('base64url') };
  const aedes = await createAedes(options, credentials);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    if (!isLoopback(socket.remoteAddress)) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    const limited = new PacketLimit(LIMITS.packetBytes);
    const stream = Duplex.from({ readable: socket.pipe(limited), writable: socket });
    // Whichever of the three ends takes the others along.
    socket.on('error', (error) => limited.destroy(error));
    limited.once('error', () => socket.destroy());
    stream.once('close', () => socket.destroy());
    aedes.handle(stream);
  });
  server.maxConnections = LIMITS.clients;

  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await new Promise<void>((done) => aedes.close(done));
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((done) => server.close(done));
  };
  try {
    const port = await listen(server, options.port);
    return { port, url: `mqtt://${HOST}:${port}`, credentials, stop: () => (stopped ??= stop()) };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function createAedes(options: EmbeddedBrokerOptions, credentials: EmbeddedBroker['credentials']): Promise<Aedes> {
  const { log, doorId, doorClientId } = options;
  const doors = new WeakSet<Client>();
  const aedes = await Aedes.createBroker({
    connectTimeout: LIMITS.connectTimeoutMs,
    maxTopicLevels: LIMITS.topicLevels,
    preConnect(_client, packet, done) {
      // A session that outlives its connection would queue messages in memory for a program that never comes back.
      packet.clean = true;
      done(null, true);
    },
    authenticate(client, username, password, done) {
      if (username === credentials.username) {
        const proved = password !== undefined && sameSecret(password, credentials.password);
        if (!proved) {
          done(refusal('not the door', BAD_USER_OR_PASSWORD), false);
          return;
        }
        doors.add(client);
      } else if (client.id === doorClientId) {
        // MQTT 3.1.1 clause 3.1.4: a second connection with the same id would throw the door off its own broker.
        done(refusal('the client id of the door', IDENTIFIER_REJECTED), false);
        return;
      }
      done(null, true);
    },
    authorizePublish(client, packet, done) {
      const refused = client && !doors.has(client) ? publishRefusal(doorId, packet.topic, packet.retain) : undefined;
      done(refused === undefined ? null : new Error(refused));
    },
  });
  const note = (client: Client | null, error: Error) => {
    log.debug({ client: client?.id, reason: error.message }, 'the embedded broker closed a connection');
  };
  aedes.on('clientError', note);
  aedes.on('connectionError', note);
  aedes.on(
    'error' as 'connectionError',
    ((error: Error) => {
      log.error({ reason: error.message }, 'the embedded broker failed');
    }) as never,
  );
  return aedes;
}

function sameSecret(received: Buffer, expected: string): boolean {
  const wanted = Buffer.from(expected);
  return received.length === wanted.length && timingSafeEqual(received, wanted);
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- aedes declares an enum that does not exist at run time
const refusal = (message: string, returnCode: number): AuthenticateError => Object.assign(new Error(message), { returnCode });

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    // `on`, not `once`: what goes wrong after this must not end the process; it rejects a promise that is settled.
    server.on('error', (error: NodeJS.ErrnoException) => {
      const purpose = 'the MQTT broker inside the process (mqtt.url uses a broker that is there; mqtt.embeddedPort another port)';
      reject(
        error.code === 'EADDRINUSE'
          ? fault('PORT_TAKEN', { host: HOST, port, purpose }, error)
          : fault('BROKER_UNAVAILABLE', { url: `mqtt://${HOST}:${port}`, reason: reasonOf(error) }, error),
      );
    });
    server.listen({ host: HOST, port }, () => resolve((server.address() as AddressInfo).port));
  });
}
