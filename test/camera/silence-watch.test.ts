import { describe, expect, it } from 'vitest';
import { watchSilence } from '../../src/camera/silence-watch.js';
import type { Clock } from '../../src/clock.js';
import { FakeClock } from '../fakes/fake-clock.js';

describe('watchSilence', () => {
  it('tells with each tick how long nothing was heard', () => {
    const clock = new FakeClock();
    const silences: number[] = [];
    const watch = watchSilence(clock, 100, (silentMs) => silences.push(silentMs));
    clock.advance(350);
    watch.heard();
    clock.advance(250);
    watch.cancel();
    watch.cancel();
    clock.advance(1_000);
    expect(silences).toEqual([100, 200, 300, 50, 150, 250]);
  });

  it('does not count the time in which this process stood still', () => {
    // A clock whose timer comes 10 s late, as after SIGSTOP or a computation that blocks.
    let nowMs = 0;
    let due: (() => void) | undefined;
    const clock: Clock = {
      monotonicMs: () => nowMs,
      wallTime: () => new Date(0),
      after(_delayMs, action) {
        due = action;
        return { cancel: () => (due = undefined) };
      },
    };
    const silences: number[] = [];
    watchSilence(clock, 100, (silentMs) => silences.push(silentMs));
    nowMs = 10_000;
    due?.();
    expect(silences).toEqual([200]);
  });
});
