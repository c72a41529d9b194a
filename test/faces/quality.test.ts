import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp, { type Sharp } from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, resident, strangers } from '../../scripts/demo/visitors.js';
import type { Frame } from '../../src/camera/frame.js';
import { decodePicture, readPicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import { largestFace, type Face } from '../../src/faces/face.js';
import { assessQuality, qualityPrompts } from '../../src/faces/quality.js';
import { openVision, type Vision } from '../../src/vision.js';
import { lfw, lfwPeople, missing, samples } from '../support/photographs.js';

const config = defaultConfig();
const log = { info: () => undefined, warn: () => undefined };
const limits = config.quality;
const frameOf = async (bytes: Uint8Array): Promise<Frame> => ({
  ...(await decodePicture(bytes, 'a photograph', { maxPixels: config.maxPicturePixels })),
  capturedAtMs: 0,
  sequence: 1,
  source: 'a photograph',
});

describe('the quality of a face', () => {
  let vision: Vision;
  let photograph: Buffer;
  let face: Face;

  beforeAll(async () => {
    vision = await openVision({ ...config, liveness: { ...config.liveness, passive: false } }, systemClock, log);
    photograph = await portrait(samples, resident.atTheDoor);
    const frame = await frameOf(photograph);
    face = (await vision.observe(frame, largestFace(await vision.detect(frame))!)).face;
  });
  afterAll(() => vision.release());

  /** The same face in a picture that something was done to. */
  const judge = async (change: (image: Sharp) => Sharp) =>
    assessQuality(await frameOf(await change(sharp(photograph)).png().toBuffer()), face, limits);

  it('is good for a portrait, with a score between 0 and 1', async () => {
    const quality = await judge((image) => image);
    expect(quality.rejection).toBeUndefined();
    expect(quality.score).toBeGreaterThan(0.2);
    expect(quality.score).toBeLessThanOrEqual(1);
    expect(quality).toMatchObject({ insideShare: 1, clippedShare: 0 });
  });

  it('says what is wrong with a blurred, a dark and a burnt out face', async () => {
    expect(await judge((image) => image.blur(12))).toMatchObject({ rejection: 'blurred', score: 0 });
    expect(await judge((image) => image.linear(0.15, 0))).toMatchObject({ rejection: 'too_dark' });
    expect(await judge((image) => image.linear(3, 0))).toMatchObject({ rejection: 'too_bright' });
  });

  it('finds motion in one direction as blurred as motion in all', async () => {
    const size = 31;
    const along = (row: boolean) => ({
      width: size,
      height: size,
      kernel: Array.from({ length: size * size }, (_, i) => ((row ? Math.floor(i / size) : i % size) === (size - 1) / 2 ? 1 : 0)),
    });
    for (const row of [true, false]) {
      expect(await judge((image) => image.convolve(along(row)))).toMatchObject({ rejection: 'blurred' });
    }
  });

  it('measures the same sharpness whatever the size, and asks a small face to come closer', async () => {
    const metadata = await sharp(photograph).metadata();
    const whole = (await judge((image) => image)).sharpness;
    for (const scale of [0.5, 0.25, 0.17]) {
      const frame = await frameOf(
        await sharp(photograph)
          .resize(Math.round(metadata.width * scale))
          .png()
          .toBuffer(),
      );
      const { left, top, width, height } = face.box;
      const box = { left: left * scale, top: top * scale, width: width * scale, height: height * scale };
      const landmarks = face.landmarks.map(({ x, y }) => ({ x: x * scale, y: y * scale }));
      const quality = assessQuality(frame, { ...face, box, landmarks }, limits);
      expect(quality.sharpness).toBeCloseTo(whole, 0);
      expect(quality.rejection).toBe(box.height < limits.minFacePx ? 'too_small' : undefined);
    }
  });

  it('rejects a face that is cut off or turned away, and one whose landmarks are no numbers', async () => {
    const frame = await frameOf(photograph);
    const { box, landmarks } = face;
    const beside = { ...box, left: -box.width * 0.3 };
    expect(assessQuality(frame, { ...face, box: beside }, limits)).toMatchObject({ rejection: 'cut_off' });
    const strict = { ...limits, maxYawDeg: 5 };
    expect(assessQuality(frame, face, strict)).toMatchObject({ rejection: 'turned_away' });
    const broken = landmarks.map(() => ({ x: NaN, y: NaN }));
    expect(assessQuality(frame, { ...face, landmarks: broken }, limits)).toMatchObject({ rejection: 'turned_away', score: 0 });
  });

  it('has a prompt for every rejection', () => {
    for (const prompt of Object.values(qualityPrompts)) expect(prompt).toMatch(/^[A-Z].{5,40}$/);
  });

  it('is asked before landmarks, liveness and the encoder, which do not run on a rejected face', async () => {
    const frame = await frameOf(await sharp(photograph).resize(70).png().toBuffer());
    const tiny = { box: { left: 12, top: 20, width: 38, height: 50 }, score: 1 };
    await vision.detect(frame);
    const observation = await vision.observe(frame, tiny);
    expect(observation).toMatchObject({ quality: { rejection: 'too_small' } });
    expect(observation.embedding).toBeUndefined();
    expect(vision.times).toMatchObject({ landmarksMs: 0, livenessMs: 0, encodeMs: 0 });
  });

  it('rejects nothing when it is switched off', async () => {
    const lax = await openVision(
      { ...config, quality: { ...limits, enabled: false, minFacePx: 1000 }, liveness: { ...config.liveness, passive: false } },
      systemClock,
      log,
    );
    const frame = await frameOf(await portrait(samples, strangers[0]));
    const { quality, embedding } = await lax.observe(frame, largestFace(await lax.detect(frame))!);
    await lax.release();
    expect(quality.rejection).toBeUndefined();
    expect(embedding).toBeDefined();
  });

  it('finds every face of the six group pictures good enough', async () => {
    let faces = 0;
    for (const name of [1, 2, 3, 4, 5, 6]) {
      const frame = await frameOf(await readFile(join(samples, `sample${name}.jpg`)));
      for (const detection of await vision.detect(frame)) {
        faces++;
        const { quality } = await vision.observe(frame, detection);
        // One looks to the side by more than the limit.
        if (quality.rejection) expect(Math.abs(quality.yawDeg)).toBeGreaterThan(limits.maxYawDeg);
      }
    }
    expect(faces).toBe(22);
  });

  it.skipIf(missing('10 people x 10 photographs (lfw-10x10)', lfw))('keeps all 100 photographs of lfw-10x10', async () => {
    const rejected: string[] = [];
    for (const path of lfwPeople().flatMap(({ photographs }) => photographs)) {
      const picture = await readPicture(path, { maxPixels: config.maxPicturePixels });
      const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: path };
      const { quality } = await vision.observe(frame, largestFace(await vision.detect(frame))!);
      if (quality.rejection) rejected.push(`${path}: ${quality.rejection}`);
    }
    expect(rejected).toEqual([]);
  });
});
