import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import mqtt, { type MqttClient } from 'mqtt';
import { doorEventSchema } from '../../src/messages/schemas.js';
import { topicsOf } from '../../src/messages/topics.js';
import type { DoorEvent } from '../../src/events.js';
import { DOOR, type Signer } from './door-config.js';
import { seconds } from './progress.js';

export interface Heard {
  readonly event: DoorEvent;
  /** Monotonic, of the host. */
  readonly atMs: number;
}

/** How long a signed command may take on the board, in seconds. */
const COMMAND_SECONDS = 300;

/** Whoever commands the board from this machine: the command line, and what the door says on MQTT. */
export class DoorClient {
  readonly #root: string;
  readonly #folder: string;
  readonly #url: string;
  readonly #heard: Heard[] = [];
  #client: MqttClient | undefined;

  /** @param folder where the key and the configuration of this machine's own command line stand */
  constructor(root: string, folder: string, brokerPort: number) {
    this.#root = root;
    this.#folder = folder;
    this.#url = `mqtt://127.0.0.1:${brokerPort}`;
  }

  /** Hears events from now on, over every restart of the board. */
  listen(): void {
    const { event: topic } = topicsOf(DOOR);
    const client = mqtt.connect(this.#url, { reconnectPeriod: 1_000, connectTimeout: 30_000, keepalive: 300 });
    this.#client = client;
    // Until the board's broker is there; what is expected and never comes fails its check.
    client.on('error', () => undefined);
    client.on('connect', () => client.subscribe(topic, { qos: 1 }));
    client.on('message', (_topic, payload) => {
      const { data: event } = doorEventSchema.safeParse(JSON.parse(payload.toString()));
      // An event comes again when the door did not hear that it had arrived.
      if (event && !this.#heard.some(({ event: { eventId } }) => eventId === event.eventId)) {
        this.#heard.push({ event, atMs: performance.now() });
      }
    });
  }

  /**
   * The board is gone without a word. QEMU keeps the connection of its user network open all the same, and what the door says
   * after its start would go by unheard until a ping fails.
   */
  listenAgain(): void {
    this.#client?.stream.destroy();
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync(true);
  }

  since(ms: number): readonly Heard[] {
    return this.#heard.filter(({ atMs }) => atMs >= ms);
  }

  /** The first event of one of these types since `sinceMs`. @throws Error when none comes within `withinMs` from now */
  async until(types: readonly DoorEvent['type'][], sinceMs: number, withinMs: number): Promise<Heard> {
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const found = this.since(sinceMs).find(({ event }) => types.includes(event.type));
      if (found) return found;
      if (performance.now() > giveUpAtMs) {
        const others = this.since(sinceMs).map(({ event }) => event.type);
        throw new Error(
          `expected the event ${types.join(' or ')} within ${seconds(withinMs)}, received ${others.join(', ') || 'no event'}`,
        );
      }
      await sleep(20);
    }
  }

  async newKey(): Promise<Signer> {
    const { kid, publicKey, commands } = JSON.parse(await this.facelatch('keys', 'new', 'host', '--out', this.#key)) as Signer;
    return { kid, publicKey, commands };
  }

  /** `facelatch send` to the board: signed, and answered. */
  async send(...command: readonly string[]): Promise<void> {
    const to = ['--url', this.#url, '--door', DOOR, '--key', this.#key, '--timeout', String(COMMAND_SECONDS)];
    await this.facelatch('send', ...to, ...command);
  }

  /** The command line of this machine. @throws Error with what it said when it fails */
  facelatch(...args: readonly string[]): Promise<string> {
    const command = [join(this.#root, 'dist', 'facelatch.cjs'), '--json', '--config', join(this.#folder, 'host.yaml'), ...args];
    return new Promise((resolve, reject) => {
      execFile(process.execPath, command, { cwd: this.#folder, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        if (error) reject(new Error(`expected "facelatch ${args.join(' ')}" to succeed: ${stderr.trim() || stdout.trim()}`));
        else resolve(stdout);
      });
    });
  }

  get #key(): string {
    return join(this.#folder, 'host.key');
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
