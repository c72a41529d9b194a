import { fault, reasonOf } from '../errors.js';
import { describeLine, type LineAddress } from './gpio-chips.js';
import { findGpiochipLine, type GpiochipParts } from './gpiochip.js';
import { LineHolder } from './line-holder.js';
import type { Relay } from './relay.js';

export interface GpiochipRelayOptions extends LineAddress {
  /** The relay board is energised by a low level. */
  readonly activeLow: boolean;
  /** The line is asked for at least so often: when it is not, the daemon is stuck, and the line's process releases it. */
  readonly checkMs: number;
}

/** So late may a question be, on a busy board. */
const PATIENCE_MS = 1_000;

/**
 * A relay on a line of a GPIO character device, held by a process of its own that releases it when this one ends, however it ends,
 * or is stuck.
 * Levels here are physical.
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND; RELAY_UNAVAILABLE when the line cannot be had, or does not read released
 */
export function openGpiochipRelay(options: GpiochipRelayOptions, parts: GpiochipParts = {}): Relay {
  const unavailable = (error: unknown) =>
    fault('RELAY_UNAVAILABLE', { line: describeLine(options), reason: reasonOf(error) }, error);
  const { program, args } = findGpiochipLine(options, parts);
  const released = options.activeLow ? 1 : 0;
  const order = ['out', `${released}`, `${(options.checkMs + PATIENCE_MS) / 1_000}`];
  const relay = new GpiochipRelay(() => new LineHolder(program, [...args, ...order]), released, unavailable);
  relay.set(false);
  if (!relay.read()) return relay;
  relay.close();
  throw unavailable('the released line reads energised');
}

class GpiochipRelay implements Relay {
  readonly #hold: () => LineHolder;
  readonly #released: 0 | 1;
  readonly #unavailable: (error: unknown) => Error;
  #holder: LineHolder | undefined;
  #closed = false;

  constructor(hold: () => LineHolder, released: 0 | 1, unavailable: (error: unknown) => Error) {
    this.#hold = hold;
    this.#released = released;
    this.#unavailable = unavailable;
  }

  set(energised: boolean): void {
    this.#try(() => {
      // A line that was lost is taken again to be released, never to be energised.
      if (!energised) this.#holder ??= this.#hold();
      this.#held().write(energised ? this.#energised : this.#released);
    });
  }

  read(): boolean {
    return this.#try(() => this.#held().read() === this.#energised);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    // The process writes the released level before it goes; the line may become an input then (docs/door.md).
    this.#holder?.close();
  }

  get #energised(): 0 | 1 {
    return this.#released === 0 ? 1 : 0;
  }

  #held(): LineHolder {
    if (this.#holder) return this.#holder;
    throw new Error('the process that held the line was lost');
  }

  /** A process that failed once is not asked again: closing it releases the line. */
  #try<T>(action: () => T): T {
    if (this.#closed) throw this.#unavailable('the line was given back');
    try {
      return action();
    } catch (error) {
      this.#holder?.close();
      this.#holder = undefined;
      throw this.#unavailable(error);
    }
  }
}
