import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dotProduct } from '../../../src/identity/distance.js';
import { NearestRows } from '../../../src/identity/nearest/nearest-rows.js';
import { randomFrom } from '../people-fixtures.js';

const DIMENSIONS = 48;

/** A unit vector near one of a few directions, so that many rows lie closer together than 8 bits can tell apart. */
function vectorOf(seed: number): Float32Array {
  const direction = randomFrom(seed % 5);
  const noise = randomFrom(seed);
  const spread = 10 ** -(seed % 7);
  const raw = Array.from({ length: DIMENSIONS }, () => direction() - 0.5 + spread * (noise() - 0.5));
  const norm = Math.hypot(...raw);
  return Float32Array.from(raw, (value) => value / norm);
}

/** The answer of comparing with each. */
function bruteForce(rows: readonly (readonly [string, Float32Array])[], probe: Float32Array, except?: string) {
  const best = new Map<string, number>();
  for (const [owner, vector] of rows) {
    if (owner === except) continue;
    best.set(owner, Math.max(best.get(owner) ?? -Infinity, dotProduct(probe, vector)));
  }
  return [...best.values()].sort((a, b) => b - a).slice(0, 2);
}

const seeds = fc.integer({ min: 0, max: 1_000_000 });
const changes = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 12 }), seed: seeds }) },
    { weight: 1, arbitrary: fc.record({ remove: fc.integer({ min: 0, max: 12 }) }) },
  ),
  { maxLength: 120 },
);

describe('the nearest rows', () => {
  it('are exactly those that comparing with each gives, whatever came and went', () => {
    fc.assert(
      fc.property(changes, seeds, fc.option(fc.integer({ min: 0, max: 12 })), (all, probeSeed, except) => {
        const index = new NearestRows(DIMENSIONS);
        let rows: [string, Float32Array][] = [];
        for (const change of all) {
          if ('add' in change) {
            const row: [string, Float32Array] = [`p${change.add}`, vectorOf(change.seed)];
            rows.push(row);
            index.add(...row);
          } else {
            rows = rows.filter(([owner]) => owner !== `p${change.remove}`);
            index.remove(`p${change.remove}`);
          }
        }
        const probe = vectorOf(probeSeed);
        const exceptOwner = except === null ? undefined : `p${except}`;
        const { first, second } = index.nearestTwo(probe, exceptOwner);
        const found = [first, second].filter((nearest) => nearest !== undefined);
        expect(index.rows).toBe(rows.length);
        // To the last bit: the same arithmetic on the same float32 values.
        expect(found.map(({ dot }) => dot)).toEqual(bruteForce(rows, probe, exceptOwner));
        for (const { owner, dot } of found) {
          const own = rows.filter(([name]) => name === owner).map(([, vector]) => dotProduct(probe, vector));
          expect(Math.max(...own)).toBe(dot);
        }
        expect(new Set(found.map(({ owner }) => owner)).size).toBe(found.length);
      }),
      { seed: 7, numRuns: 1_000 },
    );
  });

  it('are found among more than one scan takes, and after growing', () => {
    const index = new NearestRows(DIMENSIONS);
    const rows = Array.from({ length: 2_600 }, (_, i): [string, Float32Array] => [`p${i % 900}`, vectorOf(i)]);
    for (const row of rows) index.add(...row);
    for (const seed of [3, 1_030, 2_599, 50_000]) {
      const probe = vectorOf(seed);
      const { first, second } = index.nearestTwo(probe);
      expect([first?.dot, second?.dot]).toEqual(bruteForce(rows, probe));
    }
  });

  it('of nothing, to another length and to no direction are none', () => {
    const index = new NearestRows(DIMENSIONS);
    expect(index.nearestTwo(vectorOf(1))).toMatchObject({ first: undefined, second: undefined });
    index.add('a', vectorOf(1));
    expect(index.nearestTwo(new Float32Array(3)).first).toBeUndefined();
    expect(index.nearestTwo(new Float32Array(DIMENSIONS).fill(NaN)).first).toBeUndefined();
    expect(index.nearestTwo(new Float32Array(DIMENSIONS).fill(Infinity)).first).toBeUndefined();
    expect(index.nearestTwo(vectorOf(2))).toMatchObject({ first: { owner: 'a' }, second: undefined });
  });
});
