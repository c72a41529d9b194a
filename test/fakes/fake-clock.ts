import type { Clock, Timer } from '../../src/clock.js';

/** A clock that stands still until told; wall and monotonic time move apart on request. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #wallOffsetMs: number;
  #timers: { dueMs: number; action: () => void }[] = [];

  constructor(wallStart = new Date('2026-01-05T08:00:00Z')) {
    this.#wallOffsetMs = wallStart.getTime();
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallTime(): Date {
    return new Date(this.#wallOffsetMs + this.#nowMs);
  }

  after(delayMs: number, action: () => void): Timer {
    const timer = { dueMs: this.#nowMs + delayMs, action };
    this.#timers.push(timer);
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) };
  }

  /** Moves both clocks on, running the timers that fall due in their order. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.dueMs <= endMs)
        .sort((a, b) => a.dueMs - b.dueMs)
        .at(0);
      if (!next) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.action();
    }
    this.#nowMs = endMs;
  }

  /** The wall clock jumps; the monotonic time and the timers do not notice. */
  jumpWallTime(ms: number): void {
    this.#wallOffsetMs += ms;
  }
}
