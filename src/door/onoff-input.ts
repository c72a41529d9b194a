import { fault, reasonOf } from '../errors.js';
import type { DoorInputLine } from './door-input.js';
import { describeLine, type LineAddress } from './gpio-chips.js';
import { loadGpio, type Gpio, type OnoffParts } from './onoff-gpio.js';
import { findSysfsLine } from './sysfs-lines.js';

export interface OnoffInputOptions extends LineAddress {
  /** What it is, for errors: contact, exit button, tamper. */
  readonly name: string;
  /** Active at a low level. */
  readonly activeLow: boolean;
}

/**
 * A GPIO line as an input through onoff (sysfs), reporting both edges. sysfs sets no pull resistor: one must be wired, or set in
 * the boot configuration (docs/door.md).
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND; DOOR_INPUT_UNAVAILABLE when the line cannot be had as an input with interrupts
 */
export async function openOnoffInput(options: OnoffInputOptions, parts: OnoffParts = {}): Promise<DoorInputLine> {
  const unavailable = (error: unknown) =>
    fault('DOOR_INPUT_UNAVAILABLE', { input: options.name, line: describeLine(options), reason: reasonOf(error) }, error);
  const globalLine = findSysfsLine(options, parts.sysfsRoot);

  let gpio: Gpio;
  try {
    const Gpio = parts.Gpio ?? (await loadGpio());
    gpio = new Gpio(globalLine, 'in', 'both', { activeLow: false });
  } catch (error) {
    throw unavailable(error);
  }
  try {
    // onoff ignores every failure to set up a line that was exported already: ask the kernel.
    if (gpio.direction() !== 'in') throw new Error('the line did not become an input');
    if (gpio.activeLow()) throw new Error('the active_low of the line could not be switched off');
  } catch (error) {
    gpio.unexport();
    throw unavailable(error);
  }
  return new OnoffInput(gpio, options.activeLow, unavailable);
}

class OnoffInput implements DoorInputLine {
  readonly #gpio: Gpio;
  readonly #activeLow: boolean;
  readonly #unavailable: (error: unknown) => Error;
  #closed = false;

  constructor(gpio: Gpio, activeLow: boolean, unavailable: (error: unknown) => Error) {
    this.#gpio = gpio;
    this.#activeLow = activeLow;
    this.#unavailable = unavailable;
  }

  read(): boolean {
    if (this.#closed) throw this.#unavailable('the line was given back');
    try {
      return (this.#gpio.readSync() === 1) !== this.#activeLow;
    } catch (error) {
      throw this.#unavailable(error);
    }
  }

  watch(onEdge: () => void): void {
    // What the edge reported is of no interest: after the bounces the level is read again, and an error shows then.
    this.#gpio.watch(() => onEdge());
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#gpio.unwatchAll();
    this.#gpio.unexport();
  }
}
