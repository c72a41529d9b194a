import type { Clock, Timer } from '../clock.js';
import type { Emit } from '../events.js';
import { COMMAND_NAMES } from '../command-names.js';
import type { RejectReason } from './check-command.js';

/** Within this time, refusals of the same kind are told together, in milliseconds. */
const WINDOW_MS = 1_000;
const known: ReadonlySet<string> = new Set(COMMAND_NAMES);

/** Tells of refused commands: the first of its kind at once, a flood as a count each second. */
export class Rejections {
  readonly #clock: Clock;
  readonly #emit: Emit;
  readonly #counts = new Map<string, { command: string; reason: string; count: number }>();
  #timer: Timer | undefined;

  constructor(clock: Clock, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
  }

  note(topicCommand: string, reason: RejectReason | 'busy'): void {
    // What anybody can write into a topic is not repeated.
    const command = known.has(topicCommand) ? topicCommand : 'unknown';
    const kind = `${command} ${reason}`;
    const seen = this.#counts.get(kind);
    if (seen) {
      seen.count++;
      return;
    }
    this.#counts.set(kind, { command, reason, count: 0 });
    this.#emit({ type: 'command_rejected', command, reason });
    this.#timer ??= this.#clock.after(WINDOW_MS, () => this.flush());
  }

  /** Tells what was counted. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const { command, reason, count } of this.#counts.values()) {
      if (count > 0) this.#emit({ type: 'command_rejected', command, reason, ...(count > 1 && { count }) });
    }
    this.#counts.clear();
  }
}
