import { describe, expect, it } from 'vitest';
import { PictureWatch } from '../../src/camera/picture-watch.js';
import { FakeClock } from '../fakes/fake-clock.js';

const picture = (level: (i: number) => number) => ({
  widthPx: 64,
  heightPx: 48,
  rgb: Uint8Array.from({ length: 9216 }, (_, i) => level(i)),
});
let shots = 0;
/** Two pictures of one scene differ, if only by one value. */
const scene = (brightness: number) => picture((i) => (i === 0 ? shots++ % 20 : brightness));

function look(pictures: readonly ReturnType<typeof picture>[], everyMs = 100, patienceMs = 1_500): (string | undefined)[] {
  const clock = new FakeClock();
  const watch = new PictureWatch(clock, patienceMs);
  return pictures.map((each) => {
    clock.advance(everyMs);
    return watch.look(each);
  });
}

describe('PictureWatch', () => {
  it('finds nothing wrong with a scene in which nothing moves but noise', () => {
    expect(new Set(look(Array.from({ length: 100 }, () => scene(90))))).toEqual(new Set([undefined]));
  });

  it('calls a picture frozen that comes again and again, until it changes', () => {
    const still = picture(() => 90);
    const answers = look([scene(90), ...Array.from({ length: 20 }, () => still), scene(90)]);
    expect(answers.indexOf('the picture is frozen')).toBe(16);
    expect(answers.slice(16, 21)).toEqual(Array.from({ length: 5 }, () => 'the picture is frozen'));
    expect(answers.at(-1)).toBeUndefined();
  });

  it('calls a slow camera frozen only after some repetitions', () => {
    const still = picture(() => 90);
    const answers = look([still, still, still, still, still, still], 1_000);
    expect(answers.indexOf('the picture is frozen')).toBe(5);
  });

  it('calls a picture black that has next to no light in it, noise or not', () => {
    const answers = look([...Array.from({ length: 20 }, () => scene(8)), scene(60)]);
    expect(answers.indexOf('the picture is black')).toBe(15);
    expect(answers.at(-1)).toBeUndefined();
    // A lamp in the dark is a scene.
    expect(look(Array.from({ length: 20 }, () => picture((i) => (i < 400 ? 200 : shots++ % 7)))).at(-1)).toBeUndefined();
  });

  it('is silent where it is switched off', () => {
    expect(
      look(
        Array.from({ length: 100 }, () => picture(() => 0)),
        100,
        0,
      ).at(-1),
    ).toBeUndefined();
  });
});
