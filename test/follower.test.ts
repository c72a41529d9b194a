import { describe, expect, it } from 'vitest';
import type { Frame } from '../src/camera/frame.js';
import type { Box, Face } from '../src/faces/face.js';
import { Follower } from '../src/follower.js';
import type { Observation, Vision } from '../src/vision.js';

/** Somebody before the camera; `angle` is who they are. */
interface Someone {
  readonly left: number;
  readonly angle: number;
  readonly rejected?: boolean;
}

const boxAt = (left: number): Box => ({ left, top: 100, width: 80, height: 100 });

/** A camera whose frames show what a test says, and models that find it and count how often they are asked. */
function before(detectEvery: number) {
  const asked = { detector: 0, followed: 0, decided: 0 };
  let scene: readonly Someone[] = [];
  let atMs = 0;
  const observation = (one: Someone): Observation =>
    ({
      face: { box: boxAt(one.left), score: 0.9, landmarks: [] },
      quality: one.rejected ? { rejection: 'blurred' } : {},
      ...(!one.rejected && {
        embedding: { vector: Float32Array.of(Math.cos(one.angle), Math.sin(one.angle)), encoder: 'circle' },
      }),
    }) as unknown as Observation;
  const vision = {
    detect: () => {
      asked.detector++;
      return Promise.resolve(scene.map(({ left }) => ({ box: boxAt(left), score: 0.9 })));
    },
    observe: (_frame: Frame, { box }: Face) => Promise.resolve(observation(scene.find(({ left }) => left === box.left)!)),
    /** Finds whoever is nearest to where the face was, as a landmark network would: somebody, whoever it is. */
    follow: (_frame: Frame, { box }: Face, decided: boolean) => {
      asked.followed++;
      if (decided) asked.decided++;
      const nearest = [...scene].sort((a, b) => Math.abs(a.left - box.left) - Math.abs(b.left - box.left)).at(0);
      return Promise.resolve(nearest && observation(nearest));
    },
  } as unknown as Vision;
  const follower = new Follower(vision, { detectEvery, rawThreshold: 0.7 });
  const show = (people: readonly Someone[], afterMs = 100, isDecided?: (box: Box) => boolean) => {
    scene = people;
    atMs += afterMs;
    return follower.see({ widthPx: 640, heightPx: 480, capturedAtMs: atMs } as Frame, isDecided);
  };
  const shows = async (people: readonly Someone[], times: number) => {
    for (let i = 0; i < times; i++) await show(people);
  };
  return { follower, asked, show, shows };
}

const ada = { left: 100, angle: 0 };
const bob = { left: 400, angle: 1.5 };

describe('following faces between the looks of the detector', () => {
  it('asks the detector for every n-th frame while a face stands there, and for every one with n = 1', async () => {
    const third = before(3);
    await third.shows([ada], 9);
    expect(third.asked).toMatchObject({ detector: 3, followed: 6 });
    const every = before(1);
    await every.shows([ada], 9);
    expect(every.asked).toMatchObject({ detector: 9, followed: 0 });
  });

  it('asks the detector for every frame while there is nobody', async () => {
    const { asked, shows } = before(3);
    await shows([], 6);
    expect(asked).toMatchObject({ detector: 6, followed: 0 });
  });

  it('sees somebody who comes within n frames', async () => {
    const { show, shows } = before(3);
    await shows([ada], 1);
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push((await show([ada, bob])).length);
    expect(seen).toEqual([1, 1, 2]);
  });

  it('hands a frame to the detector when somebody else is where the face was, when nobody is, and when the face is poor', async () => {
    for (const next of [[{ ...bob, left: 100 }], [], [{ ...ada, rejected: true }]]) {
      const { asked, show } = before(3);
      await show([ada]);
      const faces = await show(next);
      expect(asked.detector).toBe(2);
      expect(faces).toHaveLength(next.length);
    }
    // Who was not encoded is not followed either: nothing says that it is still the same person.
    const { asked, shows } = before(3);
    await shows([{ ...ada, rejected: true }], 3);
    expect(asked).toMatchObject({ detector: 3, followed: 0 });
  });

  it('never takes one of two people for the other: not when both answer from one place, nor when they touch', async () => {
    const { asked, show } = before(3);
    await show([ada, bob]);
    expect(await show([ada])).toHaveLength(1);
    expect(asked.detector).toBe(2);
    const touching = before(3);
    await touching.shows([ada, { ...bob, left: 150 }], 3);
    expect(touching.asked).toMatchObject({ detector: 3, followed: 0 });
  });

  it('says of each face that it follows whether the door has decided on it; the detector starts anew', async () => {
    const { asked, show } = before(3);
    const isDecided = ({ left }: Box) => left === ada.left;
    await show([ada, bob], 100, isDecided);
    await show([ada, bob], 100, isDecided);
    expect(asked).toEqual({ detector: 1, followed: 2, decided: 1 });
  });

  it('follows over no gap, and from nothing that it was told to forget', async () => {
    const { follower, asked, show } = before(3);
    await show([ada]);
    await show([ada], 300);
    expect(asked).toMatchObject({ detector: 2, followed: 0 });
    follower.forget();
    await show([ada]);
    expect(asked).toMatchObject({ detector: 3, followed: 0 });
  });
});
