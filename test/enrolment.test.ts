import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../src/clock.js';
import { enroll, type EnrolmentOptions } from '../src/enrolment.js';
import type { Detection } from '../src/faces/face.js';
import type { Quality } from '../src/faces/quality.js';
import { createGallery } from '../src/identity/gallery.js';
import { openPeople, type People } from '../src/identity/people.js';
import type { ModelEntry } from '../src/inference/manifest.js';
import type { Observation, Vision } from '../src/vision.js';

/** What is on a photograph: faces by their angle on a circle, where one person spans less than about 40 degrees. */
interface Scene {
  readonly angles: readonly number[];
  readonly rejection?: Quality['rejection'];
  readonly score?: number;
}

const encoder = {
  id: 'circle',
  sha256: 'ab'.repeat(32),
  calibration: { operatingPoint: { rawDistance: 0.7, faceNetDistance: 0.7 } },
} as unknown as ModelEntry;

/** Sees what the scene of a source says. */
function visionOf(scenes: Readonly<Record<string, Scene>>): Vision {
  return {
    detect: ({ source }) =>
      Promise.resolve(
        scenes[source].angles.map((_angle, i): Detection => ({
          box: { left: 0, top: 0, width: 90 - i, height: 90 - i },
          score: 1,
        })),
      ),
    observe({ source }, detection) {
      const { angles, rejection, score = 0.8 } = scenes[source];
      const degrees = angles[90 - detection.box.height];
      const radians = (degrees * Math.PI) / 180;
      const quality = { score, ...(rejection && { rejection }) } as Quality;
      const face = { ...detection, landmarks: [] };
      const vector = new Float32Array([Math.cos(radians), Math.sin(radians)]);
      return Promise.resolve<Observation>(
        rejection ? { face, quality } : { face, quality, embedding: { vector, encoder: 'circle' } },
      );
    },
    follow: () => Promise.resolve(undefined),
    times: { detectMs: 0, landmarksMs: 0, qualityMs: 0, livenessMs: 0, encodeMs: 0 },
    encoder,
    release: () => Promise.resolve(),
  };
}

describe('enrolment', () => {
  let folder: string;
  let people: People;
  let jpeg: Buffer;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'enrolment-'));
    people = await openPeople({ file: join(folder, 'people.json'), create: true, clock: systemClock });
    jpeg = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#789' } })
      .jpeg()
      .toBuffer();
  });
  afterEach(async () => {
    await people.close();
    await rm(folder, { recursive: true });
  });

  function enrollScenes(name: string, scenes: Record<string, Scene>, options: Partial<EnrolmentOptions> = {}) {
    const parts = { vision: visionOf(scenes), people, gallery: createGallery(people.all(), encoder, 0.7), clock: systemClock };
    const photographs = Object.keys(scenes).map((source) => ({ bytes: jpeg, source }));
    return enroll(name, photographs, parts, { maxPicturePixels: 1e6, ...options });
  }

  it('keeps the quality with the template, and the consent with the person', async () => {
    const consentAt = '2026-03-01T00:00:00.000Z';
    const ada = await enrollScenes('Ada', { a: { angles: [0], score: 0.6 } }, { consentAt });
    expect(ada).toMatchObject({ consentAt, templates: [{ quality: 0.6, source: 'photo', modelSha256: encoder.sha256 }] });
    const later = '2026-04-01T00:00:00.000Z';
    expect(await enrollScenes('ada', { b: { angles: [20] } }, { consentAt: later })).toMatchObject({
      id: ada.id,
      consentAt: later,
      templates: [{ quality: 0.6 }, { quality: 0.8 }],
    });
  });

  it.each<[string, Scene, string]>([
    ['no face', { angles: [] }, 'NO_FACE'],
    ['several faces', { angles: [0, 90] }, 'SEVERAL_FACES'],
    ['a blurred face', { angles: [0], rejection: 'blurred' }, 'FACE_REJECTED'],
  ])('refuses %s, and nobody is enrolled by the good photographs beside it', async (_what, scene, code) => {
    await expect(enrollScenes('Ada', { good: { angles: [0] }, bad: scene })).rejects.toMatchObject({
      code,
      message: expect.stringContaining('bad'),
    });
    expect(people.all()).toEqual([]);
  });

  it('takes the largest of several faces when it is told to', async () => {
    const ada = await enrollScenes('Ada', { a: { angles: [10, 90] } }, { largestFace: true });
    expect(ada.templates[0].vector[0]).toBeCloseTo(Math.cos(Math.PI / 18), 6);
  });

  it("refuses somebody else's face with the distance, unless it is told otherwise", async () => {
    await enrollScenes('Ada', { a: { angles: [0] } });
    const twin = enrollScenes('Eva', { b: { angles: [20] } });
    await expect(twin).rejects.toMatchObject({
      code: 'FACE_TAKEN',
      message: expect.stringMatching(/distance 0\.347 from Ada: b/),
    });
    expect((await enrollScenes('Eva', { b: { angles: [20] } }, { force: true })).name).toBe('Eva');
  });

  it('refuses a photograph of another person among those of one, unless it is told otherwise', async () => {
    const mixed = { a: { angles: [0] }, b: { angles: [90] } };
    await expect(enrollScenes('Ada', mixed)).rejects.toMatchObject({
      code: 'FACE_DIFFERS',
      message: expect.stringMatching(/at 1\.414: b/),
    });
    expect(people.all()).toEqual([]);
    await enrollScenes('Ada', { a: { angles: [0] } });
    await expect(enrollScenes('Ada', { c: { angles: [80] } })).rejects.toMatchObject({ code: 'FACE_DIFFERS' });
    expect((await enrollScenes('Ada', mixed, { force: true })).templates).toHaveLength(2);
  });
});
