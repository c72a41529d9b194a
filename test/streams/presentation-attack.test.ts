import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jitteredJpegs } from '../../scripts/streams/jitter.js';
import { createRandom } from '../../scripts/training/random.js';
import { runDoor, verdicts, wall } from '../support/door-run.js';
import { faces, missing } from '../support/photographs.js';

const attacks = join(faces, 'presentation-attack');
const live = join(attacks, 'live-person.jpg');
const print = join(attacks, 'attack-printed-photo.jpg');
const phone = join(attacks, 'attack-phone-screen.jpg');

describe.skipIf(missing('a living person, a print and a screen (presentation-attack)', attacks))('a presentation attack', () => {
  /** Whoever is on the pictures is enrolled: only liveness keeps the attacks out. */
  const play = async (pictures: readonly string[]) => {
    const background = await wall();
    async function* frames(): AsyncGenerator<Buffer> {
      for (const [index, picture] of pictures.entries()) {
        for (let pause = 0; pause < 32; pause++) yield background;
        yield* jitteredJpegs(picture, createRandom(index + 1));
      }
      yield background;
    }
    const enrolled = { Living: await readFile(live), Printed: await readFile(print), Shown: await readFile(phone) };
    return runDoor({ enrolled, frames: frames(), liveness: {} });
  };

  it('is denied as a spoof, and the living person is let in, each alone', async () => {
    expect(verdicts(await play([live]))).toEqual(['granted Living']);
    expect(verdicts(await play([print]))).toEqual(['denied spoof']);
    expect(verdicts(await play([phone]))).toEqual(['denied spoof']);
  });

  it('is denied inside a stream, before and after the living person', async () => {
    const events = await play([print, live, phone, live, print]);
    expect(verdicts(events)).toEqual(['denied spoof', 'granted Living', 'denied spoof', 'granted Living', 'denied spoof']);
    expect(events.filter(({ type }) => type === 'unlocked')).toHaveLength(2);
    for (const event of events) {
      if (event.type === 'granted') expect(event.liveness).toBeGreaterThan(0.9);
      if (event.type === 'denied') expect(event.liveness).toBeLessThan(0.1);
    }
  });
});
