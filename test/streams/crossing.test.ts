import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { portrait, resident, strangers, type Sitter } from '../../scripts/demo/visitors.js';
import { runDoor, verdicts, wall } from '../support/door-run.js';
import { lfwPeople, lfw, missing, samples } from '../support/photographs.js';

/** Somebody who walks along before the camera. */
interface Walker {
  readonly picture: Buffer;
  /** Of the picture in the frame. */
  readonly heightPx: number;
  /** Left edge in the first frame and in the last, and the top edge. */
  readonly from: number;
  readonly to: number;
  readonly top: number;
}

const FRAMES = 44;

/** Everybody walks at once, in straight lines; who comes later in the list is nearer and hides the others. */
async function* walkPast(walkers: readonly Walker[], background: Buffer): AsyncGenerator<Buffer> {
  const resized = await Promise.all(
    walkers.map(async ({ picture, heightPx }) => sharp(picture).resize({ height: heightPx }).png().toBuffer()),
  );
  for (let pause = 0; pause < 3; pause++) yield background;
  for (let step = 0; step < FRAMES; step++) {
    const layers = walkers.map(({ from, to, top }, i) => ({
      input: resized[i],
      left: Math.round(from + ((to - from) * step) / (FRAMES - 1)),
      top: top + Math.round(3 * Math.sin(step + i)),
    }));
    yield await sharp(background).composite(layers).jpeg({ quality: 88 }).toBuffer();
  }
  for (let pause = 0; pause < 3; pause++) yield background;
}

describe('people who cross each other before the door', () => {
  it('are each let in or denied once, and nobody is taken for another', async () => {
    const cut = (sitter: Sitter) => portrait(samples, sitter, 0.3);
    const events = await runDoor({
      enrolled: { Ada: await portrait(samples, resident.enrolled), Bob: await portrait(samples, strangers[1]) },
      liveness: { passive: false },
      frames: walkPast(
        [
          { picture: await cut(strangers[2]), heightPx: 200, from: 240, to: 240, top: 10 },
          { picture: await cut(resident.atTheDoor), heightPx: 200, from: 0, to: 460, top: 230 },
          { picture: await cut(strangers[1]), heightPx: 220, from: 460, to: 10, top: 225 },
        ],
        await wall(),
      ),
    });
    expect(verdicts(events).sort()).toEqual(['denied unknown', 'granted Ada', 'granted Bob']);
    const tracks = events.flatMap((event) => (event.type === 'granted' || event.type === 'denied' ? [event.track] : []));
    expect(new Set(tracks).size).toBe(3);
  });

  it.skipIf(missing('10 people x 10 photographs (lfw-10x10)', lfw))(
    'are told apart on other photographs than those of the enrolment, whoever crosses whom',
    async () => {
      const people = lfwPeople();
      const face = async (path: string) =>
        sharp(await readFile(path))
          .extract({ left: 55, top: 45, width: 140, height: 165 })
          .toBuffer();
      for (const [first, second, stranger] of [
        [0, 4, 8],
        [9, 2, 5],
      ]) {
        const [a, b, s] = [people[first], people[second], people[stranger]];
        const events = await runDoor({
          enrolled: { [a.name]: await readFile(a.photographs[0]), [b.name]: await readFile(b.photographs[0]) },
          liveness: { passive: false },
          frames: walkPast(
            [
              { picture: await face(s.photographs[1]), heightPx: 165, from: 0, to: 490, top: 4 },
              { picture: await face(a.photographs[5]), heightPx: 165, from: 490, to: 0, top: 155 },
              { picture: await face(b.photographs[4]), heightPx: 165, from: 0, to: 490, top: 308 },
            ],
            await wall(),
          ),
        });
        expect(verdicts(events).sort()).toEqual(['denied unknown', `granted ${a.name}`, `granted ${b.name}`].sort());
      }
    },
  );
});
