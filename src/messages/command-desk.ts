import { v7 as uuidv7 } from 'uuid';
import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import { FacelatchError, reasonOf } from '../errors.js';
import type { Emit } from '../events.js';
import { checkCommand, type Request } from './check-command.js';
import { commandKeysOf, type CommandKey } from './command-keys.js';
import type { Command, CommandResponse } from './command-schemas.js';
import type { Log } from './log.js';
import { Nonce } from './nonce.js';
import { RateLimit } from './rate-limit.js';
import { Rejections } from './rejections.js';
import { responseTopicFor } from './response-topic.js';
import type { Message, Publication } from './session.js';
import type { Topics } from './topics.js';
import { within } from './within.js';

export interface CommandContext {
  /** The sender's id of this command. */
  readonly id: string;
  /** Who gave it. */
  readonly kid: string;
  /** Answers with the status `progress`; the returned value is the final answer. */
  readonly progress: (data: unknown) => void;
}

/** Does what a command says and returns what to answer; what it throws is answered as an error. */
export type CommandHandler = (command: Command, context: CommandContext) => Promise<unknown>;

export interface CommandDeskOptions {
  readonly config: Config['mqtt']['commands'];
  readonly door: string;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly log: Log;
  readonly emit: Emit;
  readonly handle: CommandHandler;
  /** Resolves when all that was told so far is on the disk, or cannot be. */
  readonly recorded: () => Promise<unknown>;
  /** Best effort: an answer is worth nothing to a sender who has gone. */
  readonly reply: (answer: Publication) => void;
  /** The state must be published anew. */
  readonly onNonce: () => void;
}

/** Of every command without photographs or a backup, in bytes. */
const SMALL_BYTES = 8_192;
const LARGE: ReadonlySet<string> = new Set(['enroll', 'restore']);
/** Stands for the key id of what was not signed. */
const HOME_ASSISTANT = 'home-assistant';
/** Commands that wait for something, such as a person before the camera. */
const MAX_RUNNING = 8;
/** These wait for nothing, nor for those: a key that may only look must not be able to keep a lockdown from the door. */
const AT_ONCE: ReadonlySet<string> = new Set(['unlock', 'lock', 'lockdown', 'resume']);
/** A disk that hangs does not keep the answer for longer, in milliseconds. */
const RECORD_MS = 2_000;

/** Where commands arrive: checked, obeyed once, recorded and answered. A refusal touches nothing else. */
export class CommandDesk {
  readonly #options: CommandDeskOptions;
  readonly #keys: ReadonlyMap<string, CommandKey>;
  readonly #nonce: Nonce;
  readonly #messages: RateLimit;
  readonly #bytes: RateLimit;
  readonly #rejections: Rejections;
  #running = 0;

  constructor(options: CommandDeskOptions) {
    const { clock, config, emit, onNonce } = options;
    this.#options = options;
    this.#keys = commandKeysOf(config.keys);
    this.#nonce = new Nonce({ clock, periodMs: config.nonceSeconds * 1_000, onChange: onNonce });
    this.#messages = new RateLimit(clock, config.perSecond, config.burst);
    // To check a large request takes time that belongs to the faces: one of the greatest size each minute.
    this.#bytes = new RateLimit(clock, config.maxBytes / 60, config.maxBytes + SMALL_BYTES * config.burst);
    this.#rejections = new Rejections(clock, emit);
  }

  /** Undefined where nobody may command. */
  get nonce(): string | undefined {
    return this.#nonce.current || undefined;
  }

  start(): void {
    if (this.#keys.size > 0) this.#nonce.start();
  }

  /** Safe to call twice. */
  stop(): void {
    this.#nonce.stop();
    this.#rejections.flush();
  }

  /** Takes a message on a request topic; never throws. */
  receive(message: Message): void {
    const { topics, door, config, log } = this.#options;
    const command = topics.commandOf(message.topic);
    if (command === undefined) return;
    const request: Request = { command, payload: message.payload, retained: message.retained };
    const verdict = checkCommand(request, {
      door,
      keys: this.#keys,
      maxBytes: LARGE.has(command) ? config.maxBytes : SMALL_BYTES,
      withinRate: (bytes) => this.#messages.take(1) && this.#bytes.take(bytes),
      nonce: this.#nonce.current,
    });
    if (!verdict.accepted) {
      const { reason, detail, id, kid } = verdict;
      this.#rejections.note(command, reason);
      log.debug({ reason, kid }, 'a command was refused');
      if (id !== undefined) this.#answer(message, command, { id, status: 'error', error: { code: reason, message: detail } });
      return;
    }
    // Spent before it acts: the same bytes are refused from here on, whatever happens.
    this.#nonce.renew();
    void this.#obey(verdict.command, verdict.id, verdict.kid, message);
  }

  /**
   * Takes LOCK or UNLOCK of Home Assistant, which cannot sign; never throws. Only locking is safe from anybody: unlocking needs
   * the configuration's leave.
   */
  receiveUnsigned(message: Message, allowUnlock: boolean): void {
    const text = message.payload.length <= 'UNLOCK'.length ? message.payload.toString('latin1') : '';
    const name = text === 'LOCK' ? 'lock' : 'unlock';
    const reason = message.retained
      ? 'retained'
      : !this.#messages.take(1)
        ? 'rate'
        : text !== 'LOCK' && text !== 'UNLOCK'
          ? 'body'
          : name === 'unlock' && !allowUnlock
            ? 'permission'
            : undefined;
    if (reason === undefined) void this.#obey({ name, args: {} }, uuidv7(), HOME_ASSISTANT, undefined);
    else this.#rejections.note(name, reason);
  }

  async #obey(command: Command, id: string, kid: string, message: Message | undefined): Promise<void> {
    const { handle, emit } = this.#options;
    const answer = (response: CommandResponse) => {
      if (message) this.#answer(message, command.name, response);
    };
    const waits = !AT_ONCE.has(command.name);
    if (waits && this.#running >= MAX_RUNNING) {
      this.#rejections.note(command.name, 'busy');
      answer({ id, status: 'error', error: { code: 'busy', message: `expected fewer than ${MAX_RUNNING} commands at a time` } });
      return;
    }
    if (waits) this.#running++;
    let response: CommandResponse;
    try {
      const work = handle(command, { id, kid, progress: (data) => answer({ id, status: 'progress', data }) });
      emit({ type: 'command_accepted', command: command.name, id, kid });
      response = { id, status: 'ok', data: (await work) ?? {} };
    } catch (error) {
      response = { id, status: 'error', error: this.#errorOf(command, error) };
    } finally {
      if (waits) this.#running--;
    }
    if (!message) return;
    await within(this.#options.clock, RECORD_MS, this.#options.recorded());
    answer(response);
  }

  #errorOf(command: Command, error: unknown): { code: string; message: string } {
    if (error instanceof FacelatchError) return { code: error.code, message: error.message };
    this.#options.log.error({ command: command.name, reason: reasonOf(error) }, 'a command failed');
    return { code: 'INTERNAL', message: 'the command failed; the log of the door says why' };
  }

  #answer({ responseTopic, correlationData }: Message, command: string, response: CommandResponse): void {
    this.#options.reply({
      topic: responseTopicFor(responseTopic, this.#options.topics.response(command)),
      payload: JSON.stringify(response),
      qos: 1,
      retain: false,
      ...(correlationData && { correlationData }),
    });
  }
}
