import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, resident } from '../../scripts/demo/visitors.js';
import type { Frame } from '../../src/camera/frame.js';
import { decodePicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import { Lookout } from '../../src/daemon/lookout.js';
import { enrollLooks } from '../../src/enrolment.js';
import { largestFace } from '../../src/faces/face.js';
import { distanceOfDot, dotProduct, FACENET_THRESHOLD, rawThresholdOf, toFaceNetScale } from '../../src/identity/distance.js';
import type { Embedding } from '../../src/identity/embedding.js';
import { createGallery } from '../../src/identity/gallery.js';
import { openPeople } from '../../src/identity/people.js';
import { captureLooks } from '../../src/remote/capture.js';
import { openVision, type Vision } from '../../src/vision.js';
import { render } from '../../scripts/streams/moving-picture.js';
import { samples } from '../support/photographs.js';
import { solidFace } from '../../scripts/streams/solid-face.js';

const clock = systemClock;

describe('a capture through the models', () => {
  let folder = '';
  let vision: Vision;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-capture-'));
    const config = defaultConfig();
    vision = await openVision({ ...config, liveness: { ...config.liveness, passive: false } }, clock, pino({ level: 'silent' }));
  });
  afterAll(async () => {
    await vision.release();
    await rm(folder, { recursive: true });
  });

  const frameOf = async (sitter: typeof resident.enrolled): Promise<Frame> => {
    const picture = await decodePicture(await portrait(samples, sitter), 'portrait', { maxPixels: 25_000_000 });
    return { ...picture, capturedAtMs: 0, sequence: 1, source: 'portrait' };
  };
  const observe = async (frame: Frame) => {
    const detection = largestFace(await vision.detect(frame));
    return detection && { detection, observation: await vision.observe(frame, detection) };
  };

  it('enrolls a head that turns as it is told, and knows the person on another photograph', async () => {
    const photo = await frameOf(resident.atTheDoor);
    const seen = (await observe(photo))?.observation;
    const surface = solidFace(photo, seen?.face.landmarks ?? []);
    const lookout = new Lookout();
    const rawThreshold = rawThresholdOf(vision.encoder);
    const scaled = (a: Embedding, b: Embedding) => toFaceNetScale(distanceOfDot(dotProduct(a.vector, b.vector)), rawThreshold);
    let asked: string | undefined;
    const capture = captureLooks({
      ...{ name: 'Ada', lookout, clock, timeoutMs: 120_000, minLiveness: 0.5, signal: new AbortController().signal },
      distance: scaled,
      onProgress: ({ look }) => (asked = look),
    });
    // The photograph shows her half turned.
    const ahead = -(seen?.quality.yawDeg ?? 0);
    const still = { yawDeg: ahead, pitchDeg: 0, rollDeg: 0, scale: 0.45, dxPx: 0, dyPx: 0 };
    // She turns until the camera has seen enough, as people do.
    for (let step = 0; step < 60 && asked !== undefined; step++) {
      const turned = 8 + (step % 6) * 3;
      const placement = {
        straight: still,
        left: { ...still, yawDeg: ahead + turned },
        right: { ...still, yawDeg: ahead - turned },
        up: { ...still, pitchDeg: turned },
        closer: { ...still, scale: 0.65 },
      }[asked];
      const frame = render(surface, placement ?? still, { noise: 2, random: () => 0.5 });
      const face = await observe(frame);
      lookout.saw({ frame, faces: face ? [face] : [] });
    }
    expect(asked).toBeUndefined();

    const people = await openPeople({ file: join(folder, 'people.json'), create: true, clock });
    const gallery = createGallery([], vision.encoder, rawThreshold);
    const ada = await enrollLooks('Ada', await capture, { vision, people, gallery, clock });
    await people.close();
    expect(ada.templates.length).toBeGreaterThanOrEqual(3);
    const other = (await observe(await frameOf(resident.enrolled)))?.observation.embedding;
    const distances = ada.templates.map(({ vector }) => (other ? scaled(other, { encoder: vision.encoder.id, vector }) : NaN));
    expect(Math.min(...distances)).toBeLessThan(FACENET_THRESHOLD);
  }, 60_000);
});
