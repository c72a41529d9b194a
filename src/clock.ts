/**
 * The port through which every part takes time, faked in tests.
 *
 * Durations (pulses, expiries, lockouts, back-off) use the monotonic time only, so that a wall clock that jumps by years
 * changes none of them; wall time serves for what people read and for schedules.
 */
export interface Clock {
  /** Milliseconds since an arbitrary origin; never goes back. */
  monotonicMs(): number;
  /** The date and time of day. May jump either way. */
  wallTime(): Date;
  /**
   * Calls `action` once after `delayMs`. The timer keeps the process alive: a daemon whose camera and broker are both away has
   * nothing else that does, and must not end in silence. Whoever stops cancels their timers.
   */
  after(delayMs: number, action: () => void): Timer;
}

export interface Timer {
  /** Safe to call twice, and after the action has run. */
  cancel(): void;
}

export const systemClock: Clock = {
  monotonicMs: () => performance.now(),
  wallTime: () => new Date(),
  after(delayMs, action) {
    const handle = setTimeout(action, delayMs);
    return {
      cancel() {
        clearTimeout(handle);
      },
    };
  },
};
