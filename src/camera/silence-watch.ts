import type { Clock } from '../clock.js';

export interface SilenceWatch {
  /** Something was heard: the silence starts anew. */
  heard(): void;
  /** Safe to call twice. */
  cancel(): void;
}

/**
 * Calls `onTick` every `tickMs` with how long nothing was heard. Time in which this process itself did not run (a long
 * computation, SIGSTOP, a suspended machine) counts as two ticks at most: then it was not the camera that was silent, and its
 * frames are still waiting to be read.
 */
export function watchSilence(clock: Clock, tickMs: number, onTick: (silentMs: number) => void): SilenceWatch {
  let silentMs = 0;
  let lastMs = clock.monotonicMs();
  let timer = clock.after(tickMs, tick);
  let cancelled = false;

  function tick() {
    const nowMs = clock.monotonicMs();
    silentMs += Math.min(nowMs - lastMs, 2 * tickMs);
    lastMs = nowMs;
    onTick(silentMs);
    if (!cancelled) timer = clock.after(tickMs, tick);
  }

  return {
    heard() {
      silentMs = 0;
      lastMs = clock.monotonicMs();
    },
    cancel() {
      cancelled = true;
      timer.cancel();
    },
  };
}
