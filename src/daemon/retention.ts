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
/** The copies are read so long after the start: with 10,000 people that takes a second, for which nobody should wait at the door. */
const COPIES_AFTER_MS = 60_000;
/** More than summer time, a leap second or a drifting clock would shift a day. */
const JUMP_MS = 2 * 3_600_000;

/**
 * Forgets people whose time has come: at start and once a day. Also, a minute after the start and once a day, those who were removed
 * before it came, and those whose forgetting was interrupted: an earlier generation has them still.
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

  /** Resolves when the people file has been looked through. */
  start(): Promise<void> {
    return this.#begin({ copies: false });
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #begin(look: { copies: boolean }): Promise<void> {
    this.#running = this.#look(look);
    return this.#running;
  }

  async #look({ copies }: { copies: boolean }): Promise<void> {
    const { people, retentionDays, clock, onFault } = this.#options;
    try {
      if (!this.#clockJumped()) {
        const everybody = [...people.all(), ...(copies ? await people.former() : [])];
        overdue(everybody, clock.wallTime(), retentionDays).forEach(({ id }) => this.#due.add(id));
      }
      if (this.#due.size > 0) await people.forget([...this.#due]);
      this.#due.clear();
    } catch (error) {
      onFault(reasonOf(error));
    }
    if (this.#stopped) return;
    this.#timer = clock.after(copies ? DAY_MS : COPIES_AFTER_MS, () => void this.#begin({ copies: true }));
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
