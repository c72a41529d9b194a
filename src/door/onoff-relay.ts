import { fault, reasonOf } from '../errors.js';
import { describeLine, type LineAddress } from './gpio-chips.js';
import { loadGpio, type Gpio, type OnoffParts } from './onoff-gpio.js';
import type { Relay } from './relay.js';
import { findSysfsLine } from './sysfs-lines.js';

export interface OnoffRelayOptions extends LineAddress {
  /** The relay board is energised by a low level. */
  readonly activeLow: boolean;
}

/**
 * A relay on a GPIO line through onoff (sysfs), released from the first moment and given back by `close`.
 *
 * Levels here are physical: the kernel's own active_low is switched off, since a line that another program left exported may
 * have it set.
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND; RELAY_UNAVAILABLE when the line cannot be had, or does not read released
 */
export async function openOnoffRelay(options: OnoffRelayOptions, parts: OnoffParts = {}): Promise<Relay> {
  const unavailable = (error: unknown) =>
    fault('RELAY_UNAVAILABLE', { line: describeLine(options), reason: reasonOf(error) }, error);
  const globalLine = findSysfsLine(options, parts.sysfsRoot);
  const released = options.activeLow ? 1 : 0;

  let gpio: Gpio;
  try {
    const Gpio = parts.Gpio ?? (await loadGpio());
    // 'high' or 'low' makes it an output of that level at once; 'out' would first drive it low, which energises an active-low board.
    gpio = new Gpio(globalLine, released === 1 ? 'high' : 'low', 'none', { activeLow: false });
  } catch (error) {
    throw unavailable(error);
  }
  const relay = new OnoffRelay(gpio, options.activeLow, unavailable);
  try {
    relay.verifyOpened();
    return relay;
  } catch (error) {
    gpio.unexport();
    throw error;
  }
}

class OnoffRelay implements Relay {
  readonly #gpio: Gpio;
  readonly #activeLow: boolean;
  readonly #unavailable: (error: unknown) => Error;
  #closed = false;

  constructor(gpio: Gpio, activeLow: boolean, unavailable: (error: unknown) => Error) {
    this.#gpio = gpio;
    this.#activeLow = activeLow;
    this.#unavailable = unavailable;
  }

  /** onoff ignores every failure to set up a line that was exported already (its README, "export"): ask the kernel. */
  verifyOpened(): void {
    this.#try(() => {
      if (this.#gpio.direction() !== 'out') throw new Error('the line did not become an output');
      if (this.#gpio.activeLow()) throw new Error('the active_low of the line could not be switched off');
      this.#gpio.writeSync(this.#level(false));
      if (this.#gpio.readSync() !== this.#level(false)) throw new Error('the released line reads energised');
    });
  }

  set(energised: boolean): void {
    this.#try(() => this.#gpio.writeSync(this.#level(energised)));
  }

  read(): boolean {
    return this.#try(() => this.#gpio.readSync() === this.#level(true));
  }

  close(): void {
    if (this.#closed) return;
    try {
      this.#try(() => this.#gpio.writeSync(this.#level(false)));
    } finally {
      this.#closed = true;
      // The line may become an input now: the board's pull resistor keeps it released (docs/door.md).
      this.#gpio.unexport();
    }
  }

  #level(energised: boolean): 0 | 1 {
    return energised === this.#activeLow ? 0 : 1;
  }

  #try<T>(action: () => T): T {
    if (this.#closed) throw this.#unavailable('the line was given back');
    try {
      return action();
    } catch (error) {
      throw this.#unavailable(error);
    }
  }
}
