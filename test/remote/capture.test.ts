import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import { Lookout, type SightedFace } from '../../src/daemon/lookout.js';
import type { QualityRejection } from '../../src/events.js';
import type { Quality } from '../../src/faces/quality.js';
import { captureLooks } from '../../src/remote/capture.js';
import { FakeClock } from '../fakes/fake-clock.js';

interface Shown {
  readonly yawDeg?: number;
  readonly pitchDeg?: number;
  readonly facePx?: number;
  readonly who?: number;
  readonly rejection?: QualityRejection;
  readonly liveness?: number;
}

function face({ yawDeg = 0, pitchDeg = 0, facePx = 100, who = 0, rejection, liveness }: Shown): SightedFace {
  const detection = { box: { left: 10, top: 10, width: facePx, height: facePx }, score: 1 };
  const quality = { yawDeg, pitchDeg, facePx, score: rejection ? 0 : 0.8, ...(rejection && { rejection }) } as Quality;
  const embedding = { encoder: 'line', vector: Float32Array.of(who) };
  const observation = {
    face: { ...detection, landmarks: [] },
    quality,
    ...(!rejection && { embedding }),
    ...(liveness !== undefined && { liveness }),
  };
  return { detection, observation };
}

function sit() {
  const clock = new FakeClock();
  const lookout = new Lookout();
  const stopping = new AbortController();
  const said: string[] = [];
  const looks = captureLooks({
    ...{ name: 'Kian', lookout, clock, timeoutMs: 60_000, minLiveness: 0.5, signal: stopping.signal },
    distance: (a, b) => Math.abs(a.vector[0] - b.vector[0]),
    onProgress: ({ done, of, say }) => said.push(`${done} of ${of}: ${say}`),
  });
  const frame: Frame = { widthPx: 640, heightPx: 480, rgb: new Uint8Array(), capturedAtMs: 0, sequence: 1, source: 'test' };
  const show = (...people: Shown[]) => {
    clock.advance(100);
    lookout.saw({ frame, faces: people.map(face) });
  };
  const showTimes = (count: number, ...people: Shown[]) => Array.from({ length: count }).forEach(() => show(...people));
  return { clock, lookout, stopping, said, looks, show, showTimes };
}

const unfinished = (message: RegExp) =>
  expect.objectContaining({ code: 'CAPTURE_UNFINISHED', message: expect.stringMatching(message) as string }) as Error;

describe('the capture of a person before the camera', () => {
  it('tells what to do, keeps five looks and lets the door judge again', async () => {
    const { lookout, said, looks, showTimes } = sit();
    expect(lookout.held).toBe(true);
    for (const pose of [{}, { yawDeg: 15 }, { yawDeg: -15 }, { pitchDeg: 10 }, { facePx: 130 }]) showTimes(3, pose);
    expect(await looks).toHaveLength(5);
    expect(said).toEqual([
      '0 of 5: Look straight at the camera',
      '1 of 5: Turn your head a little to your left',
      '2 of 5: Turn your head a little to your right',
      '3 of 5: Lift your chin a little',
      '4 of 5: Look straight and come closer',
      '5 of 5: Done, thank you',
    ]);
    expect(lookout.held).toBe(false);
  });

  it('says what keeps a face from being used, not more than once a second, and then what was asked for', async () => {
    const { said, looks, stopping, show, showTimes } = sit();
    showTimes(3, { rejection: 'blurred' });
    showTimes(10, { rejection: 'too_dark' });
    showTimes(10, { liveness: 0.1 });
    show({});
    showTimes(15, { yawDeg: 30 });
    stopping.abort();
    await expect(looks).rejects.toEqual(unfinished(/received 0: the door stops; nobody was enrolled/));
    expect(said).toEqual([
      '0 of 5: Look straight at the camera',
      '0 of 5: Hold still',
      '0 of 5: Too dark: turn towards the light',
      '0 of 5: Look at the camera',
      '0 of 5: Look straight at the camera',
    ]);
  });

  it('ends when another person appears beside, but not for somebody far behind or a single false face', async () => {
    const { looks, lookout, show, showTimes } = sit();
    showTimes(3, {}, { facePx: 40, who: 9 });
    showTimes(1, {}, { facePx: 80, who: 9 });
    showTimes(3, { yawDeg: 15 });
    show({}, { facePx: 80, who: 9 });
    show({}, { facePx: 80, who: 9 });
    await expect(looks).rejects.toEqual(unfinished(/received 2: another person appeared/));
    expect(lookout.held).toBe(false);
  });

  it('ends when another person takes the place', async () => {
    const { looks, showTimes } = sit();
    showTimes(3, {});
    showTimes(3, { who: 1 });
    await expect(looks).rejects.toEqual(unfinished(/received 1: another person took the place/));
  });

  it('ends when time is up, and hears nothing more', async () => {
    const { clock, looks, lookout, said, showTimes } = sit();
    showTimes(3, {});
    clock.advance(60_000);
    await expect(looks).rejects.toEqual(unfinished(/received 1: nothing more within 60 s/));
    const before = said.length;
    showTimes(3, { yawDeg: 15 });
    expect(said).toHaveLength(before);
    expect(lookout.held).toBe(false);
  });
});
