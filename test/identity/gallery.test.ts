import { describe, expect, it } from 'vitest';
import { distanceOfDot, dotProduct, similarity, toFaceNetScale } from '../../src/identity/distance.js';
import { unitVector } from '../../src/identity/embedding.js';
import { createGallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';

const encoder = 'e';
const model = { id: encoder, sha256: '' };
const at = (degrees: number) => new Float32Array([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180), 0]);
const person = (name: string, ...angles: number[]): Person => ({
  id: name,
  name,
  createdAt: '',
  cards: [],
  templates: angles.map((degrees, i) => ({
    id: `${name}${i}`,
    encoder,
    modelSha256: '',
    vector: at(degrees),
    quality: 1,
    createdAt: '',
    source: 'photo',
  })),
});
const probe = (degrees: number) => ({ vector: at(degrees), encoder });

describe('distances', () => {
  it('are those of the vectors, on the scale where the operating point is 0.7', () => {
    // The chord of 60 degrees is 1.
    const raw = distanceOfDot(dotProduct(at(0), at(60)));
    expect(raw).toBeCloseTo(1, 6);
    expect(toFaceNetScale(raw, 1.037)).toBeCloseTo(0.7 / 1.037, 6);
    expect(distanceOfDot(1.0000001)).toBe(0);
  });

  it('turn into a similarity of one half at the threshold, falling with the distance', () => {
    expect(similarity(0.7)).toBeCloseTo(0.5, 9);
    expect(similarity(0.35)).toBeCloseTo(0.99, 6);
    expect(similarity(2)).toBeLessThan(0.001);
  });

  it('sum every element, also where the length is no multiple of four', () => {
    const a = Float32Array.from({ length: 131 }, (_, i) => Math.sin(i));
    const expected = a.reduce((sum, v) => sum + v * v, 0);
    expect(dotProduct(a, a)).toBeCloseTo(expected, 4);
  });
});

describe('the gallery', () => {
  const gallery = createGallery([person('Ada', 0, 40), person('Bob', 90), person('Cyd', 200)], model, 1);

  it('finds the nearest person over all their templates, and the next other person', () => {
    const match = gallery.nearest(probe(45));
    expect(match?.person.name).toBe('Ada');
    expect(match?.distance).toBeCloseTo(0.7 * 2 * Math.sin((2.5 * Math.PI) / 180), 5);
    expect(match?.runnerUpDistance).toBeCloseTo(0.7 * 2 * Math.sin((22.5 * Math.PI) / 180), 5);
  });

  it('compares a claimed person alone', () => {
    const match = gallery.compare(probe(45), 'Bob');
    expect(match).toMatchObject({ person: { name: 'Bob' }, runnerUpDistance: Infinity });
    expect(gallery.compare(probe(45), 'nobody')).toBeUndefined();
  });

  it('never compares a probe of another encoder, another length, or without a direction', () => {
    expect(gallery.nearest({ vector: at(0), encoder: 'other' })).toBeUndefined();
    expect(gallery.nearest({ vector: new Float32Array(2), encoder })).toBeUndefined();
    expect(gallery.nearest({ vector: new Float32Array([NaN, 0, 0]), encoder })).toBeUndefined();
    expect(unitVector(new Float32Array(3))).toBeUndefined();
    expect(unitVector(new Float32Array([NaN, 1, 1]))).toBeUndefined();
  });

  it('follows those who come, change and go', () => {
    const all = [person('Ada', 0), person('Bob', 90)];
    const changing = createGallery(all, model, 1);
    const [ada, bob] = all;
    changing.update([{ after: person('Cyd', 50) }]);
    expect(changing.nearest(probe(45))?.person.name).toBe('Cyd');
    expect(changing.nearest(probe(45), 'Cyd')?.person.name).toMatch(/Ada|Bob/);
    const renamed = { ...bob, name: 'Robert' };
    const moved = { ...ada, templates: [{ ...ada.templates[0], id: 'Ada1', vector: at(45) }] };
    changing.update([
      { before: bob, after: renamed },
      { before: ada, after: moved },
    ]);
    expect(changing.nearest(probe(90))?.person).toBe(renamed);
    expect(changing.nearest(probe(44))?.person).toBe(moved);
    changing.update([{ before: moved }, { before: renamed, after: { ...renamed, templates: [] } }]);
    expect(changing.nearest(probe(44))).toMatchObject({ person: { name: 'Cyd' }, runnerUpDistance: Infinity });
    expect(changing.compare(probe(44), 'Ada')).toBeUndefined();
    expect(changing.toEnrollAgain.map(({ name }) => name)).toEqual(['Robert']);
  });

  it('names those who must be enrolled again', () => {
    const stale = { ...person('Dan', 10), templates: person('Dan', 10).templates.map((t) => ({ ...t, encoder: 'old' })) };
    expect(createGallery([stale, person('Eve', 3)], model, 1).toEnrollAgain.map(({ name }) => name)).toEqual(['Dan']);
    expect(createGallery([stale], model, 1).nearest(probe(10))).toBeUndefined();
    // Another file under the same name: a newer training, another space.
    const retrained = createGallery([person('Eve', 3)], { ...model, sha256: 'other' }, 1);
    expect(retrained.nearest(probe(3))).toBeUndefined();
    expect(retrained.compare(probe(3), 'Eve')).toBeUndefined();
    expect(retrained.toEnrollAgain.map(({ name }) => name)).toEqual(['Eve']);
  });
});
