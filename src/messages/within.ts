import type { Clock } from '../clock.js';

/** Waits for `work` for at most `limitMs`: true when it was done in time, false when it failed or was late. Never rejects. */
export async function within(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<boolean> {
  return await new Promise<boolean>((resolve) => {
    const timer = clock.after(limitMs, () => resolve(false));
    const settle = (done: boolean) => {
      timer.cancel();
      resolve(done);
    };
    work.then(
      () => settle(true),
      () => settle(false),
    );
  });
}
