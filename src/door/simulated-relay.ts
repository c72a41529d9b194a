import type { Clock } from '../clock.js';
import type { Relay } from './relay.js';

export interface RelayWrite {
  readonly energised: boolean;
  /** Monotonic. */
  readonly atMs: number;
}

/** Enough for a test or a look; a door that runs for years must not grow. */
const KEPT_WRITES = 1_000;

/** A relay in memory, for a machine without GPIO: it starts released, and remembers its last writes and when they were made. */
export class SimulatedRelay implements Relay {
  readonly #clock: Clock;
  #energised = false;
  #writes: RelayWrite[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The last writes, oldest first. */
  get writes(): readonly RelayWrite[] {
    return this.#writes;
  }

  set(energised: boolean): void {
    this.#energised = energised;
    this.#writes.push({ energised, atMs: this.#clock.monotonicMs() });
    if (this.#writes.length > KEPT_WRITES) this.#writes.shift();
  }

  read(): boolean {
    return this.#energised;
  }

  close(): void {
    if (this.#energised) this.set(false);
  }
}
