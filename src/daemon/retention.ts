import type { Clock, Timer } from '../clock.js';
import { reasonOf } from '../errors.js';
import type { People } from '../identity/people.js';
import { overdue, type RetentionDays } from '../identity/retention.js';

export interface RetentionOptions {
  readonly people: Pick<People, 'all' | 'former' | 'forget'>;
  readonly retentionDays: RetentionDays;
  readonly clock: Clock;
  readonly onFault: (reason: string) => void;
}

const DAY_MS = 86_400_000;
/** More than summer time, a leap second or a drifting clock would shift a day. */
const JUMP_MS = 2 * 3_600_000;

/**
 * Forgets people whose time has come: at start and once a day. Also those who were removed before it came, and those whose
 * forgetting was interrupted: an earlier generation has them still.
 */
export class Retention {
  readonly #options: RetentionOptions;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Wall time less monotonic time at the last look, in milliseconds. */
  #offsetMs: number | undefined;
  /** Also those who are out of the file while a copy that cannot be read may still have them. */
  readonly #due = new Set<string>();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** Resolves when this day's look is done. */
  start(): Promise<void> {
    this.#running = this.#look();
    return this.#running;
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  async #look(): Promise<void> {
    const { people, retentionDays, clock, onFault } = this.#options;
    try {
      if (!this.#clockJumped()) {
        const everybody = [...people.all(), ...(await people.former())];
        overdue(everybody, clock.wallTime(), retentionDays).forEach(({ id }) => this.#due.add(id));
      }
      if (this.#due.size > 0) await people.forget([...this.#due]);
      this.#due.clear();
    } catch (error) {
      onFault(reasonOf(error));
    }
    if (!this.#stopped) this.#timer = clock.after(DAY_MS, () => void this.start());
  }

  /** Nobody is deleted by a clock that was set wrong: a new time is believed when it still holds a day later. */
  #clockJumped(): boolean {
    const { clock } = this.#options;
    const offsetMs = clock.wallTime().getTime() - clock.monotonicMs();
    const jumped = this.#offsetMs !== undefined && Math.abs(offsetMs - this.#offsetMs) > JUMP_MS;
    this.#offsetMs = offsetMs;
    return jumped;
  }
}
