import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../clock.js';

export interface NonceOptions {
  readonly clock: Clock;
  readonly periodMs: number;
  /** The state must be published anew. */
  readonly onChange: () => void;
}

/**
 * What a command must repeat, so that none acts twice: 16 random bytes, in memory only, new at start, when spent, and after a
 * while. A command that was recorded is worth nothing after a restart either.
 */
export class Nonce {
  readonly #options: NonceOptions;
  #current = '';
  #timer: Timer | undefined;

  constructor(options: NonceOptions) {
    this.#options = options;
  }

  /** base64url, 22 characters; empty, which no command repeats, before start and after stop. */
  get current(): string {
    return this.#current;
  }

  start(): void {
    this.renew();
  }

  /** The present one is worth nothing from here on. */
  renew(): void {
    this.#timer?.cancel();
    this.#current = randomBytes(16).toString('base64url');
    this.#timer = this.#options.clock.after(this.#options.periodMs, () => this.renew());
    this.#options.onChange();
  }

  /** Safe to call twice. */
  stop(): void {
    this.#timer?.cancel();
    this.#current = '';
  }
}
