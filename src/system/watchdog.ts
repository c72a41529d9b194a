import type { Clock, Timer } from '../clock.js';
import type { ServiceManager } from './service-manager.js';

export interface WatchdogParts {
  readonly manager: ServiceManager;
  readonly clock: Clock;
  /** Why the watchdog must not be fed now; undefined while all is well. */
  readonly unsound: () => string | undefined;
  /** Told once each time that feeding stops, and once when it goes on (undefined). */
  readonly onChange: (reason: string | undefined) => void;
}

/** Fed so many times in its period: two messages may be late or lost. */
const FEEDS_PER_PERIOD = 3;

/** Feeds the service manager's watchdog while the door is sound, and only then: a live event loop proves nothing about a door. */
export class Watchdog {
  readonly #parts: WatchdogParts;
  #timer: Timer | undefined;
  #reason: string | undefined;

  constructor(parts: WatchdogParts) {
    this.#parts = parts;
  }

  /** Feeds from now on; does nothing where there is no watchdog. */
  start(): void {
    const { watchdogMs } = this.#parts.manager;
    if (watchdogMs !== undefined && !this.#timer) this.#wait(watchdogMs / FEEDS_PER_PERIOD);
  }

  /** Safe to call twice. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #feed(everyMs: number): void {
    const { manager, unsound, onChange } = this.#parts;
    const reason = unsound();
    if (reason === undefined) manager.notify('WATCHDOG=1');
    if ((reason === undefined) !== (this.#reason === undefined)) onChange(reason);
    this.#reason = reason;
    this.#wait(everyMs);
  }

  /** The service manager counts from readiness, so the first feed has time as well. */
  #wait(everyMs: number): void {
    this.#timer = this.#parts.clock.after(everyMs, () => this.#feed(everyMs));
  }
}
