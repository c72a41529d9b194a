import { createInterface } from 'node:readline';

const WARM_UP = 5;

/** The peer's half of peer-process.ts: says "ready", then does a frame for each line and says how many milliseconds it took. */
export async function answer(frame: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < WARM_UP; i++) await frame();
  process.stdout.write('ready\n');
  for await (const _ of createInterface({ input: process.stdin })) {
    const start = performance.now();
    await frame();
    process.stdout.write(`${(performance.now() - start).toFixed(3)}\n`);
  }
}
