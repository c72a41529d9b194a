import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { augment, augmentationDefaults, borderFor, centreOf } from '../../scripts/training/data/augment.js';
import { createBatchSampler, type SamplerState } from '../../scripts/training/data/batches.js';
import type { Crop } from '../../scripts/training/data/crops.js';
import { readPeopleFolder } from '../../src/identity/calibration/labelled-folder.js';
import { splitPeople } from '../../scripts/training/data/split.js';
import { createRandom } from '../../scripts/training/random.js';

describe('a folder with a folder for each person', () => {
  it('gives the photographs by name, and nothing else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    try {
      for (const path of [
        'Zoe/Zoe_0002.jpg',
        'Zoe/Zoe_0001.PNG',
        'Adam/a.jpeg',
        'Adam/notes.txt',
        '.git/x.jpg',
        'Empty/readme.md',
      ]) {
        await mkdir(join(folder, path, '..'), { recursive: true });
        await writeFile(join(folder, path), '');
      }
      await writeFile(join(folder, 'loose.jpg'), '');
      expect(await readPeopleFolder(folder)).toEqual([
        { person: 'Adam', path: join(folder, 'Adam/a.jpeg') },
        { person: 'Zoe', path: join(folder, 'Zoe/Zoe_0001.PNG') },
        { person: 'Zoe', path: join(folder, 'Zoe/Zoe_0002.jpg') },
      ]);
      await rm(join(folder, 'Adam'), { recursive: true });
      await expect(readPeopleFolder(folder)).rejects.toThrow(/for each of two people or more, received: 1 of them/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the split', () => {
  const people = Array.from({ length: 40 }, (_, i) => `Person ${i % 10}`);

  it('has nobody twice and forgets nobody', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 4 }), (seed, validation, test) => {
        const split = splitPeople(people, { validation, test }, createRandom(seed));
        expect([split.train.length, split.validation.length, split.test.length]).toEqual([
          10 - validation - test,
          validation,
          test,
        ]);
        expect([...split.train, ...split.validation, ...split.test].sort()).toEqual([...new Set(people)].sort());
      }),
    );
  });

  it('depends on the seed and not on the order of the photographs', () => {
    const counts = { validation: 2, test: 3 };
    const split = splitPeople(people, counts, createRandom(1));
    expect(splitPeople([...people].reverse(), counts, createRandom(1))).toEqual(split);
    expect(splitPeople(people, counts, createRandom(2))).not.toEqual(split);
  });

  it('refuses to leave fewer than two people to train on', () => {
    expect(() => splitPeople(people, { validation: 5, test: 4 }, createRandom(1))).toThrow(/received 10 with 5 and 4 kept aside/);
  });
});

describe('batches of P people with K photographs', () => {
  // 6 people with 5 photographs each, one with a single one.
  const people = [...Array.from({ length: 30 }, (_, i) => `p${Math.floor(i / 5)}`), 'single'];
  const size = { peoplePerBatch: 4, photographsEach: 3 };

  it('hold K of one person after K of another, P people in all', () => {
    const sampler = createBatchSampler(people, size, createRandom(1));
    for (let i = 0; i < 50; i++) {
      const names = sampler.next().map((index) => people[index]);
      expect(names).toHaveLength(12);
      const groups = [0, 1, 2, 3].map((group) => new Set(names.slice(3 * group, 3 * group + 3)));
      for (const group of groups) expect(group.size).toBe(1);
      expect(new Set(names).size).toBe(4);
      expect(names).not.toContain('single');
    }
  });

  it('show everybody and every photograph about as often', () => {
    const sampler = createBatchSampler(people, size, createRandom(2));
    const times = new Array<number>(people.length).fill(0);
    for (let i = 0; i < 150; i++) for (const index of sampler.next()) times[index]++;
    // 150 batches of 12 are 60 for each of 30 photographs; rounds differ by one at most, for people and for photographs.
    expect(Math.min(...times.slice(0, 30))).toBeGreaterThanOrEqual(58);
    expect(Math.max(...times.slice(0, 30))).toBeLessThanOrEqual(62);
    expect(times[30]).toBe(0);
  });

  it('go on from a stored state in the same order', () => {
    const sampler = createBatchSampler(people, size, createRandom(3));
    for (let i = 0; i < 7; i++) sampler.next();
    const state = JSON.parse(JSON.stringify(sampler.state)) as SamplerState;
    const resumed = createBatchSampler(people, size, state);
    for (let i = 0; i < 20; i++) expect(resumed.next()).toEqual(sampler.next());
  });

  it('take everybody where there are fewer than P people, and repeat photographs where there are fewer than K', () => {
    const few = ['a', 'a', 'b', 'b'];
    const batch = createBatchSampler(few, { peoplePerBatch: 8, photographsEach: 4 }, createRandom(1)).next();
    expect([...batch].sort()).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
  });

  it('cannot be made of one person, nor of people with one photograph each', () => {
    expect(() => createBatchSampler(['a', 'a', 'b'], size, createRandom(1))).toThrow(/received 1/);
  });
});

describe('augmentation', () => {
  const inputPx = 16;
  const border = borderFor(inputPx, augmentationDefaults);
  const sizePx = inputPx + 2 * border;
  const random = createRandom(8);
  const crop: Crop = {
    person: 'a',
    path: 'a.jpg',
    sizePx,
    planes: Uint8ClampedArray.from({ length: 3 * sizePx * sizePx }, () => random.integer(256)),
  };
  const nothing = { flip: 0, shift: 0, scale: 0, turnDegrees: 0, brightness: 0, contrast: 0, blur: 0, noise: 0 };
  const differs = (a: Float32Array, b: Float32Array) => a.some((value, i) => Math.abs(value - b[i]) > 0.5);

  it('leaves the middle of the crop when nothing is to be changed', () => {
    const middle = centreOf(crop, inputPx);
    expect(middle[0]).toBe(crop.planes[border * sizePx + border]);
    expect(middle.at(-1)).toBe(crop.planes[2 * sizePx * sizePx + (border + inputPx - 1) * sizePx + border + inputPx - 1]);
    augment(crop, inputPx, createRandom(1), nothing).forEach((value, i) => expect(value).toBeCloseTo(middle[i], 3));
  });

  it('mirrors left and right, and nothing else', () => {
    const middle = centreOf(crop, inputPx);
    const mirrored = augment(crop, inputPx, createRandom(1), { ...nothing, flip: 1 });
    mirrored.forEach((value, i) => {
      const x = i % inputPx;
      expect(value).toBeCloseTo(middle[i - x + (inputPx - 1 - x)], 3);
    });
  });

  it.each(Object.keys(nothing) as (keyof typeof nothing)[])('changes the face by %s alone, within 0..255', (what) => {
    const value = what === 'flip' || what === 'blur' ? 1 : augmentationDefaults[what];
    const changed = augment(crop, inputPx, createRandom(2), { ...nothing, [what]: value });
    expect(differs(changed, centreOf(crop, inputPx))).toBe(true);
    expect(Math.min(...changed)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...changed)).toBeLessThanOrEqual(255);
  });

  it('draws the same face from the same random numbers and another from others', () => {
    const first = augment(crop, inputPx, createRandom(3));
    expect(augment(crop, inputPx, createRandom(3))).toEqual(first);
    expect(differs(augment(crop, inputPx, createRandom(4)), first)).toBe(true);
  });

  it('needs a border in which every shift, turn and scale stays', () => {
    const by = { ...nothing, shift: 0.1, scale: 0.2, turnDegrees: 10 };
    const turn = (10 * Math.PI) / 180;
    const corner = 0.5 * 1.2 * (Math.cos(turn) + Math.sin(turn)) + 0.1;
    expect(borderFor(100, by)).toBe(Math.ceil(100 * (corner - 0.5)));
    expect(borderFor(100, nothing)).toBe(0);
  });
});
