import { describe, expect, it } from 'vitest';
import { distanceOfDot, dotProduct, similarity, toFaceNetScale } from '../../src/identity/distance.js';
import { unitVector } from '../../src/identity/embedding.js';
import { createGallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';

const encoder = 'e';
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
  const gallery = createGallery([person('Ada', 0, 40), person('Bob', 90), person('Cyd', 200)], encoder, 1);

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

  it('names those who must be enrolled again', () => {
    const stale = { ...person('Dan', 10), templates: person('Dan', 10).templates.map((t) => ({ ...t, encoder: 'old' })) };
    expect(createGallery([stale, person('Eve', 3)], encoder, 1).toEnrollAgain.map(({ name }) => name)).toEqual(['Dan']);
    expect(createGallery([stale], encoder, 1).nearest(probe(10))).toBeUndefined();
  });
});
