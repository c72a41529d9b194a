import type { Clock } from '../clock.js';

/** Waits for `delayMs` on `clock`, or until `signal` is aborted, whichever comes first. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || delayMs <= 0) {
      resolve();
      return;
    }
    const timer = clock.after(delayMs, done);
    signal.addEventListener('abort', done);
    function done() {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
}
