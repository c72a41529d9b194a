import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mostDiverse, templateDistance, withoutNearDuplicates } from '../../src/identity/people-file/diversity.js';
import type { Template } from '../../src/identity/person.js';

/** A template at an angle on the circle: distances are easy to see. */
function at(degrees: number, quality = 0.5, encoder = 'e'): Template {
  const radians = (degrees * Math.PI) / 180;
  const vector = Float32Array.of(Math.cos(radians), Math.sin(radians));
  const createdAt = '2026-01-05T08:00:00.000Z';
  return { id: `${encoder}${degrees}`, encoder, modelSha256: 'ab'.repeat(32), vector, quality, createdAt, source: 'photo' };
}
const ids = (templates: readonly Template[]) => templates.map(({ id }) => id);

describe('the distance of two templates', () => {
  it('is L2 of the raw vectors, and infinite between encoders and between versions of one', () => {
    expect(templateDistance(at(0), at(90))).toBeCloseTo(Math.SQRT2, 6);
    expect(templateDistance(at(0), at(0, 0.5, 'other'))).toBe(Infinity);
    expect(templateDistance(at(0), { ...at(0), modelSha256: 'cd'.repeat(32) })).toBe(Infinity);
  });
});

describe('near duplicates', () => {
  it('are left out, also among those that come together', () => {
    const fresh = withoutNearDuplicates([at(0)], [at(1), at(20), at(21), at(0, 0.5, 'other')], 0.1);
    expect(ids(fresh)).toEqual(['e20', 'other0']);
  });
});

describe('the most diverse templates', () => {
  it('start with the best and then take the farthest from all taken, and keep their order', () => {
    const templates = [at(0), at(10), at(20, 0.9), at(90), at(180)];
    expect(ids(mostDiverse(templates, 1))).toEqual(['e20']);
    expect(ids(mostDiverse(templates, 2))).toEqual(['e20', 'e180']);
    expect(ids(mostDiverse(templates, 3))).toEqual(['e20', 'e90', 'e180']);
    expect(ids(mostDiverse(templates, 9))).toEqual(ids(templates));
  });

  it('never count an adaptive one before one that was enrolled', () => {
    const adaptive: Template = { ...at(180, 0.9), source: 'adaptive' };
    expect(ids(mostDiverse([at(0), adaptive], 1))).toEqual(['e0']);
    expect(ids(mostDiverse([at(0), at(10), adaptive], 2))).toEqual(['e0', 'e10']);
    expect(ids(mostDiverse([at(0), at(10), at(20), adaptive], 2))).toEqual(['e0', 'e20']);
    expect(ids(mostDiverse([at(0), adaptive, { ...at(90), source: 'adaptive' }], 2))).toEqual(['e0', 'e180']);
    expect(ids(mostDiverse([adaptive, { ...at(90), source: 'adaptive' }], 1))).toEqual(['e180']);
  });

  it('are counted for each encoder by itself: an old encoder’s are no substitute', () => {
    const templates = [at(0), at(90), at(0, 0.5, 'old'), at(90, 0.5, 'old')];
    expect(ids(mostDiverse(templates, 1))).toEqual(['e0', 'old0']);
  });

  it('are at most twice as near to each other as the best choice would be', () => {
    const angles = fc.uniqueArray(fc.integer({ min: 0, max: 180 }), { minLength: 4, maxLength: 8 });
    const spread = (templates: readonly Template[]) =>
      Math.min(...templates.flatMap((a, i) => templates.slice(i + 1).map((b) => templateDistance(a, b))));
    fc.assert(
      fc.property(angles, (degrees) => {
        const templates = degrees.map((angle) => at(angle));
        let best = 0;
        for (const a of templates) {
          for (const b of templates) {
            for (const c of templates) if (a !== b && b !== c && a !== c) best = Math.max(best, spread([a, b, c]));
          }
        }
        expect(spread(mostDiverse(templates, 3)) * 2).toBeGreaterThanOrEqual(best - 1e-6);
      }),
      { numRuns: 50 },
    );
  });
});
