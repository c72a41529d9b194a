import { isDeepStrictEqual } from 'node:util';
import type { Logger } from 'pino';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import type { Daemon } from './daemon.js';
import { reasonOf } from './errors.js';
import type { StopReason } from './watch.js';

export interface ReloadableParts {
  readonly start: (config: Config) => Promise<Daemon>;
  /** Reads and checks the configuration anew; throws when it is wrong. */
  readonly readAgain: () => Config;
  /** A daemon has started: the first, and the one after each reload. */
  readonly onStarted: (daemon: Daemon) => void;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

/** Replacing a daemon takes as long as starting one: a second, a few on a small board. */
const REPLACED_WITHIN_MS = 60_000;

/**
 * A daemon whose configuration is replaced while its process lives: its parts are stopped and started anew under the other one, so
 * every setting takes effect and none is half in force. The relay is released meanwhile. A configuration that is wrong, or under
 * which the daemon does not start, is refused with the reason, and the one before it stays.
 */
export class Reloadable {
  readonly #parts: ReloadableParts;
  #config: Config;
  #daemon: Daemon | undefined;
  #wanted: Config | undefined;
  #stopFor: string | undefined;
  #replacingSinceMs: number | undefined;

  constructor(config: Config, parts: ReloadableParts) {
    this.#config = config;
    this.#parts = parts;
  }

  /**
   * Resolves when the daemon has stopped for any other reason than a reload.
   *
   * @throws what `start` throws under the first configuration, and under the last good one when it is started again
   */
  async run(): Promise<StopReason> {
    this.#daemon = await this.#parts.start(this.#config);
    for (;;) {
      this.#parts.onStarted(this.#daemon);
      this.#replacingSinceMs = undefined;
      this.#stopIfAsked();
      const reason = await this.#daemon.stopped;
      if (this.#stopFor !== undefined || this.#wanted === undefined) return reason;
      this.#daemon = await this.#replace(this.#wanted);
    }
  }

  /** Reads the configuration again and, where it is good and another, begins to replace the present one; says whether it does. */
  reload(): boolean {
    const { readAgain, log } = this.#parts;
    try {
      const wanted = readAgain();
      if (isDeepStrictEqual(wanted, this.#wanted ?? this.#config)) {
        log.info('the configuration is unchanged');
        return false;
      }
      this.#wanted = wanted;
      this.#stopIfAsked();
      return true;
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'the configuration was refused; the one before it stays');
      return false;
    }
  }

  /** Safe to call twice, and during a reload. */
  stop(reason: string): void {
    this.#stopFor ??= reason;
    this.#stopIfAsked();
  }

  /** As of the daemon. While one takes the place of another the relay is released, and only the time counts. */
  unsound(): string | undefined {
    if (this.#replacingSinceMs === undefined) return this.#daemon?.unsound();
    const late = this.#parts.clock.monotonicMs() - this.#replacingSinceMs > REPLACED_WITHIN_MS;
    return late ? 'the configuration could not be replaced in time' : undefined;
  }

  releaseNow(): void {
    this.#daemon?.releaseNow();
  }

  #stopIfAsked(): void {
    if (this.#stopFor === undefined && (this.#wanted === undefined || this.#replacingSinceMs !== undefined)) return;
    if (this.#stopFor === undefined) this.#replacingSinceMs = this.#parts.clock.monotonicMs();
    void this.#daemon?.stop(this.#stopFor ?? 'reload');
  }

  async #replace(wanted: Config): Promise<Daemon> {
    const { start, log } = this.#parts;
    this.#wanted = undefined;
    try {
      const daemon = await start(wanted);
      this.#config = wanted;
      return daemon;
    } catch (error) {
      log.error({ reason: reasonOf(error) }, 'the configuration was refused; the one before it is started again');
      return await start(this.#config);
    }
  }
}
