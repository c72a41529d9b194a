import type { Clock } from '../clock.js';
import { pause } from './pause.js';

/**
 * What happens when frames are made faster than they are taken. `realtime` does what a camera does: it passes over those whose
 * time has gone by. `every-frame` waits and loses none: for replays that must give the same result on every machine.
 */
export type Pace = 'realtime' | 'every-frame';

/** Divides time into periods of 1/fps, the first at once. */
export class Pacer {
  readonly #clock: Clock;
  readonly #periodMs: number;
  readonly #pace: Pace;
  readonly #signal: AbortSignal;
  #dueMs: number | undefined;

  constructor(clock: Clock, fps: number, pace: Pace, signal: AbortSignal) {
    this.#clock = clock;
    this.#periodMs = 1000 / fps;
    this.#pace = pace;
    this.#signal = signal;
  }

  /**
   * Waits for the beginning of the next period, or until the signal is aborted.
   * @returns how many periods have gone by unused: always 0 at the pace of `every-frame`
   */
  async next(): Promise<number> {
    this.#dueMs ??= this.#clock.monotonicMs();
    await pause(this.#clock, this.#dueMs - this.#clock.monotonicMs(), this.#signal);
    const lateMs = Math.max(0, this.#clock.monotonicMs() - this.#dueMs);
    if (this.#pace === 'every-frame') {
      this.#dueMs += lateMs + this.#periodMs;
      return 0;
    }
    const passedOver = Math.floor(lateMs / this.#periodMs);
    this.#dueMs += (passedOver + 1) * this.#periodMs;
    return passedOver;
  }
}
