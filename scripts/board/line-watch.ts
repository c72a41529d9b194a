import { setTimeout as sleep } from 'node:timers/promises';
import { seconds } from './progress.js';

export interface Change {
  readonly high: boolean;
  /** Monotonic, of the host. */
  readonly atMs: number;
}

/** Between two looks; a machine that is busy answers later. */
const EVERY_MS = 50;

/** Looks at a GPIO line from outside, all the time, and keeps when it changed. */
export class LineWatch {
  readonly #isHigh: () => Promise<boolean>;
  readonly #changes: Change[] = [];
  #running = true;
  #done: Promise<void> = Promise.resolve();
  #lastLookMs = performance.now();
  /** The longest time between two looks: a change may have been so much earlier than it was seen. */
  longestGapMs = 0;

  /** @param isHigh rejects when the line cannot be seen, because the machine is being stopped */
  constructor(isHigh: () => Promise<boolean>) {
    this.#isHigh = isHigh;
  }

  start(): void {
    this.#done = this.#run();
  }

  async stop(): Promise<void> {
    this.#running = false;
    await this.#done;
  }

  get isHigh(): boolean {
    return this.#changes.at(-1)?.high ?? false;
  }

  /** The changes since a moment, on the monotonic clock. */
  since(ms: number): readonly Change[] {
    return this.#changes.filter(({ atMs }) => atMs >= ms);
  }

  /** The first change to a level since `sinceMs`. @throws Error when there is none within `withinMs` from now */
  async until(high: boolean, sinceMs: number, withinMs: number): Promise<Change> {
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      const change = this.since(sinceMs).find((one) => one.high === high);
      if (change) return change;
      if (!this.#running || performance.now() > giveUpAtMs) {
        throw new Error(
          `expected the line ${high ? 'high' : 'low'} within ${seconds(withinMs)}; it stayed ${high ? 'low' : 'high'}`,
        );
      }
      await sleep(EVERY_MS);
    }
  }

  async #run(): Promise<void> {
    while (this.#running) {
      try {
        const high = await this.#isHigh();
        const atMs = performance.now();
        this.longestGapMs = Math.max(this.longestGapMs, atMs - this.#lastLookMs);
        this.#lastLookMs = atMs;
        if (high !== this.isHigh) this.#changes.push({ high, atMs });
      } catch {
        // The machine is gone; whoever stopped it knows.
        return;
      }
      await sleep(EVERY_MS);
    }
  }
}
