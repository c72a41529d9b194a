import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { opinionOf } from '../src/access/agreement.js';
import { readPicture } from '../src/camera/picture.js';
import { systemClock } from '../src/clock.js';
import { defaultConfig } from '../src/config.js';
import { largestFace } from '../src/faces/face.js';
import { rawThresholdOf } from '../src/identity/distance.js';
import type { Embedding } from '../src/identity/embedding.js';
import { createGallery, type Gallery } from '../src/identity/gallery.js';
import type { Person } from '../src/identity/person.js';
import { tune } from '../src/inference/tuning/tune.js';
import { inferenceSettings, modelIdsOf, openVision, type Vision } from '../src/vision.js';
import { lfw, lfwPeople, missing } from './support/photographs.js';

const config = defaultConfig();
const rules = { ...config.access, agreeFrames: 1, windowFrames: 1 };

const tunedFolder = join(tmpdir(), `facelatch-lfw-${process.pid}`);
/** Where tuning is looked for: the models run as they were shipped where there is nothing. */
const ways = { shipped: join(tunedFolder, 'nothing'), tuned: tunedFolder };
const noPhotographs = missing('10 people x 10 photographs (lfw-10x10)', lfw);
const seen: Partial<Record<keyof typeof ways, readonly Embedding[]>> = {};

describe.skipIf(noPhotographs).each(['shipped', 'tuned'] as const)('ten people with ten photographs each, models %s', (way) => {
  let vision: Vision;
  let people: { name: string; embeddings: Embedding[] }[];

  beforeAll(async () => {
    const settings = { ...config, inference: { ...config.inference, tunedFolder: ways[way] } };
    if (way === 'tuned') await tune(modelIdsOf(settings), inferenceSettings(settings), tunedFolder);
    vision = await openVision(settings, systemClock, pino({ level: 'silent' }));
    people = [];
    for (const { name, photographs } of lfwPeople()) {
      const embeddings: Embedding[] = [];
      for (const photograph of photographs) {
        const picture = await readPicture(photograph, { maxPixels: config.maxPicturePixels });
        const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: photograph };
        const face = largestFace(await vision.detect(frame));
        const { embedding } = face ? await vision.observe(frame, face) : {};
        if (!embedding) throw new Error(`expected a face in ${photograph}`);
        embeddings.push(embedding);
      }
      people.push({ name, embeddings });
    }
    seen[way] = people.flatMap(({ embeddings }) => embeddings);
  }, 300_000);
  afterAll(async () => {
    await vision.release();
    await rm(tunedFolder, { recursive: true, force: true });
  });

  const enrolled = (count: number, who = people): Gallery =>
    createGallery(
      who.map(({ name, embeddings }): Person => ({
        id: name,
        name,
        cards: [],
        createdAt: '',
        templates: embeddings.slice(0, count).map((embedding, i) => ({
          ...embedding,
          id: String(i),
          modelSha256: vision.encoder.sha256,
          quality: 1,
          createdAt: '',
          source: 'photo',
        })),
      })),
      vision.encoder,
      rawThresholdOf(vision.encoder),
    );

  /** What `facelatch identify` decides. */
  const identify = (gallery: Gallery, probe: Embedding): string | undefined => {
    const opinion = opinionOf(
      [{ ...(gallery.nearest(probe) ?? { distance: Infinity, runnerUpDistance: Infinity }), atMs: 0 }],
      rules,
    );
    return opinion.kind === 'agreed' ? opinion.person.name : undefined;
  };

  function count(templates: number): { right: number; wrong: number; nobody: number } {
    const gallery = enrolled(templates);
    const result = { right: 0, wrong: 0, nobody: 0 };
    for (const { name, embeddings } of people) {
      for (const probe of embeddings.slice(templates)) {
        const found = identify(gallery, probe);
        result[found === undefined ? 'nobody' : found === name ? 'right' : 'wrong']++;
      }
    }
    return result;
  }

  it('names at least 88 of the other 90 photographs after one each, and none wrongly', () => {
    const { right, wrong } = count(1);
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThanOrEqual(88);
  });

  it('names at least 69 of the other 70 after three each, and none wrongly', () => {
    const { right, wrong } = count(3);
    expect(wrong).toBe(0);
    expect(right).toBeGreaterThanOrEqual(69);
  });

  it('lets nobody in who was left out of the file, by any of their ten photographs', () => {
    for (const person of people) {
      const others = enrolled(
        10,
        people.filter((other) => other !== person),
      );
      expect(person.embeddings.map((probe) => identify(others, probe)).filter(Boolean)).toEqual([]);
    }
  });

  it('denies everybody else under an enrolled name (1:1)', () => {
    const gallery = enrolled(3);
    for (const claimed of people) {
      for (const { name, embeddings } of people) {
        if (name === claimed.name) continue;
        for (const probe of embeddings) expect(gallery.compare(probe, claimed.name)?.distance).toBeGreaterThanOrEqual(0.7);
      }
    }
  });
});

describe.skipIf(noPhotographs)('tuned models', () => {
  it('give the embeddings of those that were shipped', () => {
    const pairs = zip(seen.shipped ?? [], seen.tuned ?? []);
    expect(pairs).toHaveLength(100);
    // The cosine of unit vectors whose distance is d is 1 - d²/2.
    for (const [shipped, tuned] of pairs)
      expect(1 - rawDistance(shipped.vector, tuned.vector) ** 2 / 2).toBeGreaterThan(0.999_99);
  });

  it('match the very same of the 450 genuine and 4,500 impostor pairs at the door', () => {
    const matches = (embeddings: readonly Embedding[] = []) =>
      embeddings.flatMap(({ vector }, i) => embeddings.slice(0, i).map((other) => rawDistance(vector, other.vector) < 1.037));
    const pairs = zip(matches(seen.shipped), matches(seen.tuned));
    expect(pairs).toHaveLength(4_950);
    expect(pairs.filter(([shipped, tuned]) => shipped !== tuned)).toHaveLength(0);
  });
});

function zip<T>(left: readonly T[], right: readonly T[]): (readonly [T, T])[] {
  return left.map((value, i) => [value, right[i]] as const);
}

function rawDistance(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));
}
