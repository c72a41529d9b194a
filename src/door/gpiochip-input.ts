import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Clock, Timer } from '../clock.js';
import { fault, reasonOf } from '../errors.js';
import type { DoorInputLine } from './door-input.js';
import { describeLine, type LineAddress } from './gpio-chips.js';
import { findGpiochipLine, type GpiochipLine, type GpiochipParts } from './gpiochip.js';

export type Bias = 'as-is' | 'pull-up' | 'pull-down' | 'disabled';

export interface GpiochipInputOptions extends LineAddress {
  /** What it is, for errors: contact, exit button, tamper. */
  readonly name: string;
  /** Active at a low level. */
  readonly activeLow: boolean;
  /** The pull resistor inside the chip; a chip without one ignores it. */
  readonly bias: Bias;
}

/** So long after it was lost a line is tried again. */
const AGAIN_MS = 1_000;

/**
 * A line of a GPIO character device as an input, reporting both edges; a process of its own holds and reads it (gpiochip-program.ts).
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND; DOOR_INPUT_UNAVAILABLE when the line cannot be had as an input
 */
export async function openGpiochipInput(
  options: GpiochipInputOptions,
  clock: Clock,
  parts: GpiochipParts = {},
): Promise<DoorInputLine> {
  const unavailable = (error: unknown) =>
    fault('DOOR_INPUT_UNAVAILABLE', { input: options.name, line: describeLine(options), reason: reasonOf(error) }, error);
  const input = new GpiochipInput(findGpiochipLine(options, parts), options, clock, unavailable);
  await input.open();
  return input;
}

class GpiochipInput implements DoorInputLine {
  readonly #line: GpiochipLine;
  readonly #options: GpiochipInputOptions;
  readonly #clock: Clock;
  readonly #unavailable: (error: unknown) => Error;
  #process: ChildProcess | undefined;
  #level: 0 | 1 | undefined;
  #lost = 'nothing was said yet';
  #onEdge: () => void = () => undefined;
  #again: Timer | undefined;
  #closed = false;

  constructor(line: GpiochipLine, options: GpiochipInputOptions, clock: Clock, unavailable: (error: unknown) => Error) {
    this.#line = line;
    this.#options = options;
    this.#clock = clock;
    this.#unavailable = unavailable;
  }

  /** Resolves when the first level is known. */
  async open(): Promise<void> {
    await this.#start();
    if (this.#level !== undefined) return;
    this.close();
    throw this.#unavailable(this.#lost);
  }

  read(): boolean {
    if (this.#closed) throw this.#unavailable('the line was given back');
    if (this.#level === undefined) throw this.#unavailable(this.#lost);
    return (this.#level === 1) !== this.#options.activeLow;
  }

  watch(onEdge: () => void): void {
    this.#onEdge = onEdge;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#onEdge = () => undefined;
    this.#again?.cancel();
    // The end of its standard input ends the process.
    this.#process?.stdin?.end();
  }

  /** Resolves with the first thing that the process says, or with its end. */
  async #start(): Promise<void> {
    const { program, args } = this.#line;
    const child = spawn(program, [...args, 'in', this.#options.bias], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#process = child;
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => this.#said(line));
    child.once('error', (error) => (this.#lost = error.message));
    // A process that has gone cannot be told to go.
    child.stdin.on('error', () => undefined);
    lines.once('close', () => this.#ended());
    await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  }

  #said(line: string): void {
    this.#level = line === '0' ? 0 : line === '1' ? 1 : undefined;
    if (this.#level === undefined) this.#lost = line.replace(/^error /, '');
    this.#onEdge();
  }

  #ended(): void {
    if (this.#closed) return;
    if (this.#level !== undefined) this.#lost = 'the process that reads the line has ended';
    this.#level = undefined;
    this.#onEdge();
    this.#again = this.#clock.after(AGAIN_MS, () => void this.#start());
  }
}
