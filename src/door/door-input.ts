import type { Clock, Timer } from '../clock.js';
import { reasonOf } from '../errors.js';

/** The port to one line that reports: a door contact, an exit button, a tamper loop. Adapters: simulated, gpiochip, onoff. */
export interface DoorInputLine {
  /** Whether it is active now: open, pressed, tampered with. Throws when the line cannot be read. */
  read(): boolean;
  /** Calls `onEdge` after each change, bounces included, until closed. At most one watcher. */
  watch(onEdge: () => void): void;
  /** Safe to call twice. */
  close(): void;
}

/** The inputs that are fitted. */
export interface DoorInputs {
  readonly contact?: DebouncedInput;
  readonly exitButton?: DebouncedInput;
  readonly tamper?: DebouncedInput;
}

export interface InputListener {
  /** The input became active or inactive. */
  readonly onChange: (active: boolean) => void;
  /** The line could not be read. */
  readonly onFault: (reason: string) => void;
}

/**
 * A line without its bounces: a level counts when it is read `debounceMs` after an edge. Later edges do not put this off, so a
 * change is known within `debounceMs` however long the contact chatters.
 */
export class DebouncedInput {
  readonly #line: DoorInputLine;
  readonly #clock: Clock;
  readonly #debounceMs: number;
  #known: boolean | undefined;
  #settling: Timer | undefined;

  constructor(line: DoorInputLine, clock: Clock, debounceMs: number) {
    this.#line = line;
    this.#clock = clock;
    this.#debounceMs = debounceMs;
  }

  /** Reports every change from now on; returns the level now, undefined when it cannot be read (`onFault` was called). */
  start(listener: InputListener): boolean | undefined {
    this.#line.watch(() => {
      if (this.#debounceMs === 0) this.#settle(listener);
      else this.#settling ??= this.#clock.after(this.#debounceMs, () => this.#settle(listener));
    });
    this.#known = this.#read(listener);
    return this.#known;
  }

  /** Safe to call twice. */
  close(): void {
    this.#settling?.cancel();
    this.#line.close();
  }

  #settle(listener: InputListener): void {
    this.#settling = undefined;
    const active = this.#read(listener);
    if (active === undefined || active === this.#known) return;
    this.#known = active;
    listener.onChange(active);
  }

  #read(listener: InputListener): boolean | undefined {
    try {
      return this.#line.read();
    } catch (error) {
      this.#known = undefined;
      listener.onFault(reasonOf(error));
      return undefined;
    }
  }
}
