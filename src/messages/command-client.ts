import { v7 as uuidv7 } from 'uuid';
import type { CommandName } from '../command-names.js';
import type { Clock } from '../clock.js';
import { FacelatchError, fault, isErrorCode, reasonOf } from '../errors.js';
import { signCommand } from './command-envelope.js';
import type { SigningKey } from './command-keys.js';
import { responseSchema, type CommandResponse } from './command-schemas.js';
import type { Credentials } from './credentials.js';
import { doorStateSchema } from './schemas.js';
import { NoSession, openSession, type Message, type ProtocolVersion, type Session } from './session.js';
import { topicsOf } from './topics.js';
import { within } from './within.js';

export interface SendOptions {
  readonly url: string;
  readonly credentials: Credentials;
  readonly door: string;
  readonly key: SigningKey;
  readonly command: CommandName;
  readonly args: unknown;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly onProgress: (data: unknown) => void;
}

/** The nonce changes with every command of anybody: so often another one is tried. */
const ATTEMPTS = 5;

/**
 * Gives a door a command from anywhere on its broker, once: connects, takes the nonce of the door's state, signs, sends, and
 * waits for the answer.
 *
 * @returns the answer's data
 * @throws FacelatchError BROKER_UNAVAILABLE, COMMAND_UNANSWERED (the command may have been obeyed), COMMAND_REFUSED (a check
 * failed), and whatever the door answered, under its own code
 */
export async function sendCommand(options: SendOptions): Promise<unknown> {
  const { door, command, timeoutMs, clock } = options;
  const conversation = new Conversation(options);
  const giveUp = new AbortController();
  const work = conversation.hold(giveUp.signal);
  const inTime = await within(
    clock,
    timeoutMs,
    work.catch(() => undefined),
  );
  if (!inTime) {
    giveUp.abort();
    work.catch(() => undefined);
    throw fault('COMMAND_UNANSWERED', { command, door, afterMs: timeoutMs, reason: conversation.lack });
  }
  return await work;
}

class Conversation {
  readonly #options: SendOptions;
  #lack = 'no connection to the broker';
  #nonce: string | undefined;
  #available = true;
  #answer: CommandResponse | undefined;
  #id = '';
  #wake: () => void = () => undefined;

  constructor(options: SendOptions) {
    this.#options = options;
  }

  /** What has not come yet, for the one who waits. */
  get lack(): string {
    return this.#available ? this.#lack : 'the door is offline';
  }

  async hold(signal: AbortSignal): Promise<unknown> {
    const session = await this.#open(signal);
    const broken = session.ended.then((reason) => {
      const { url } = this.#options;
      throw fault('BROKER_UNAVAILABLE', { url, reason: reason ?? 'the connection was closed' });
    });
    // Whatever happens first is awaited; nobody else hears of the other.
    broken.catch(() => undefined);
    signal.addEventListener('abort', () => session.destroy(), { once: true });
    try {
      return await Promise.race([this.#speak(session), broken]);
    } finally {
      if (!signal.aborted) await within(this.#options.clock, 1_000, session.close());
    }
  }

  async #speak(session: Session): Promise<unknown> {
    const { door, command, args, key } = this.#options;
    const topics = topicsOf(door);
    this.#lack = 'no answer of the broker';
    await session.subscribe(topics.response(command));
    await session.subscribe(topics.availability);
    await session.subscribe(topics.state);
    for (let attempt = 1; ; attempt++) {
      this.#lack = 'no state of a door that takes commands';
      const nonce = await this.#until(() => this.#nonce);
      this.#id = uuidv7();
      this.#answer = undefined;
      const body = { door, command, id: this.#id, nonce, issuedAt: this.#options.clock.wallTime().toISOString(), args };
      this.#lack = 'no answer of the door';
      await session.publish({ topic: topics.request(command), payload: signCommand(key, body), qos: 1, retain: false });
      const answer = await this.#until(() => this.#answer);
      if (answer.status === 'ok') return answer.data;
      if (answer.status === 'error') {
        const { code, message } = answer.error;
        if (isErrorCode(code)) throw new FacelatchError(code, message, undefined);
        if (code !== 'nonce' || attempt >= ATTEMPTS) throw fault('COMMAND_REFUSED', { command, door, code, message });
        // The state with the next nonce is on its way, or here.
        if (this.#nonce === nonce) this.#nonce = undefined;
      }
    }
  }

  async #open(signal: AbortSignal): Promise<Session> {
    const { url, credentials } = this.#options;
    const versions: readonly ProtocolVersion[] = [5, 4];
    for (const protocolVersion of versions) {
      try {
        return await openSession({
          url,
          clientId: `facelatch-send-${uuidv7()}`,
          protocolVersion,
          keepAliveSeconds: 30,
          credentials,
          signal,
          onMessage: (message) => this.#hear(message),
        });
      } catch (error) {
        if (error instanceof NoSession && error.versionInDoubt && protocolVersion === 5) continue;
        throw fault('BROKER_UNAVAILABLE', { url, reason: reasonOf(error) }, error);
      }
    }
    throw fault('BROKER_UNAVAILABLE', { url, reason: 'it speaks neither MQTT 5 nor 3.1.1' });
  }

  #hear({ topic, payload }: Message): void {
    const topics = topicsOf(this.#options.door);
    const text = payload.toString();
    if (topic === topics.availability) this.#available = text === 'online';
    if (topic === topics.state) this.#nonce = doorStateSchema.safeParse(parse(text)).data?.nonce;
    if (topic === topics.response(this.#options.command)) {
      const response = responseSchema.safeParse(parse(text)).data;
      if (response?.id !== this.#id) return;
      if (response.status === 'progress') this.#options.onProgress(response.data);
      else this.#answer = response;
    }
    this.#wake();
  }

  async #until<T>(look: () => T | undefined): Promise<T> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
