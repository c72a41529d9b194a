import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resident } from '../../scripts/demo/visitors.js';
import type { Frame } from '../../src/camera/frame.js';
import { readPicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import { openVisionThread } from '../../src/daemon/vision-thread.js';
import type { Detection } from '../../src/faces/face.js';
import { lookAt } from '../../src/follower.js';
import { openVision, type Vision } from '../../src/vision.js';
import { samples } from '../support/photographs.js';

const config = defaultConfig();
const silent = { info: () => undefined, warn: () => undefined };

async function frameOf(photograph: string): Promise<Frame> {
  const picture = await readPicture(join(samples, photograph), { maxPixels: config.maxPicturePixels });
  return { ...picture, capturedAtMs: 0, sequence: 1, source: photograph };
}

describe('vision in a thread of its own', () => {
  let thread: Vision;
  let here: Vision;
  let frame: Frame;
  beforeAll(async () => {
    [thread, here, frame] = await Promise.all([
      openVisionThread(config, silent),
      openVision(config, systemClock, silent),
      frameOf(resident.atTheDoor.photograph),
    ]);
  });
  afterAll(() => Promise.all([thread.release(), here.release()]));

  it('finds the same faces, with the same embeddings, and says how long it took', async () => {
    const faces = await lookAt(frame, thread);
    expect(faces.length).toBeGreaterThan(0);
    expect(faces).toEqual(await lookAt(frame, here));
    expect(faces[0].observation.embedding?.vector).toBeInstanceOf(Float32Array);
    expect(faces[0].observation.liveness).toBeGreaterThan(0);
    expect(thread.encoder).toEqual(here.encoder);
    for (const stage of ['detectMs', 'landmarksMs', 'livenessMs', 'encodeMs'] as const)
      expect(thread.times[stage]).toBeGreaterThan(0);
  });

  it('follows a face, and does not ask whether one lives that was decided on', async () => {
    const [{ observation }] = await lookAt(frame, here);
    const followed = await thread.follow(frame, observation.face, false);
    expect(followed?.embedding).toBeDefined();
    expect(followed).toEqual(await here.follow(frame, observation.face, false));
    const decided = await thread.follow(frame, observation.face, true);
    expect(decided).toEqual({ ...followed, liveness: undefined });
    expect(decided).not.toHaveProperty('liveness');
  });

  it('answers each of many questions about its own frame, in whatever order frames come', async () => {
    const other = await frameOf(resident.enrolled.photograph);
    const asked = [frame, other, other, frame, other, frame];
    const answers = await Promise.all(asked.map((one) => thread.detect(one)));
    const [expected, ofOther] = [await here.detect(frame), await here.detect(other)];
    expect(expected).not.toEqual(ofOther);
    expect(answers).toEqual(asked.map((one) => (one === frame ? expected : ofOther)));
  });

  it('fails a question that makes no sense, and answers the next one', async () => {
    await expect(thread.observe(frame, {} as Detection)).rejects.toThrow('undefined');
    expect(await thread.detect(frame)).toEqual(await here.detect(frame));
  });

  it('does not open without its models, with the error that says so', async () => {
    const inference = { ...config.inference, encoder: 'nobody-made-this' };
    await expect(openVisionThread({ ...config, inference }, silent)).rejects.toMatchObject({
      name: 'FacelatchError',
      code: 'MODEL_UNKNOWN',
      exitStatus: 6,
    });
  });

  it('is released twice, and answers nothing afterwards', async () => {
    const short = await openVisionThread(config, silent);
    await short.release();
    await short.release();
    await expect(short.detect(frame)).rejects.toThrow('the vision thread ended with status 0');
  });
});
