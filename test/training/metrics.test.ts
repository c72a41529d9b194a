import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countBelow, pairDistances, type PairDistances } from '../../src/identity/calibration/pair-distances.js';
import { rateOf, tmrAtFmr } from '../../src/identity/calibration/rates.js';
import { bestAccuracy, equalErrorRate, operatingPoint, rocCurve } from '../../scripts/training/evaluation/metrics.js';

const pairs = (genuine: number[], impostor: number[]): PairDistances => ({
  genuine: Float64Array.from(genuine).sort(),
  impostor: Float64Array.from(impostor).sort(),
});

// Ten of each; at a threshold of 0.5 two genuine pairs are too far and two impostor pairs too near.
const known = pairs(
  [0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.6, 0.7],
  [0.38, 0.48, 0.55, 0.65, 0.75, 0.8, 0.85, 0.9, 0.95, 1],
);

describe('metrics', () => {
  it('count what is nearer than the threshold, not what is as near', () => {
    expect(countBelow(Float64Array.of(1, 2, 2, 3), 2)).toBe(1);
    expect(operatingPoint(known, 0.5)).toEqual({ threshold: 0.5, fmr: 0.2, tmr: 0.8 });
  });

  it('find the equal error rate', () => {
    expect(equalErrorRate(known).eer).toBeCloseTo(0.2, 10);
    expect(equalErrorRate(pairs([1, 2], [3, 4])).eer).toBe(0);
    expect(equalErrorRate(pairs([3, 4], [1, 2])).eer).toBe(1);
    // The same distances for both: a coin would do as well.
    expect(equalErrorRate(pairs([1, 2, 3, 4], [1, 2, 3, 4])).eer).toBeCloseTo(0.5, 10);
  });

  it('give the true match rate at the laxest threshold that keeps the false match rate', () => {
    expect(tmrAtFmr(known, 0.1)).toMatchObject({
      threshold: 0.48,
      tmr: { count: 8, of: 10 },
      fmr: { count: 1, of: 10 },
      resolved: true,
    });
    expect(tmrAtFmr(known, 0.2)).toMatchObject({ threshold: 0.55, tmr: { count: 8 }, fmr: { count: 2 } });
  });

  it('say when there are too few impostor pairs for a false match rate, and then let none match', () => {
    expect(tmrAtFmr(known, 1e-4)).toMatchObject({ threshold: 0.38, tmr: { count: 6 }, fmr: { count: 0 }, resolved: false });
  });

  it('find the best threshold in hindsight', () => {
    const best = bestAccuracy(pairs([1, 2, 5], [4, 6, 7, 8]));
    expect(best.accuracy).toBeCloseTo(6 / 7, 10);
    expect(best.threshold).toBe(4);
  });

  it('give Wilson’s interval', () => {
    // Newcombe (1998), table I: 81 of 263 and 15 of 148.
    expect(rateOf(81, 263)).toMatchObject({
      low: expect.closeTo(0.2553, 4) as number,
      high: expect.closeTo(0.3662, 4) as number,
    });
    expect(rateOf(15, 148)).toMatchObject({
      low: expect.closeTo(0.0624, 4) as number,
      high: expect.closeTo(0.1605, 4) as number,
    });
    expect(rateOf(0, 20)).toMatchObject({ rate: 0, low: 0, high: expect.closeTo(0.1611, 4) as number });
    expect(rateOf(20, 20)).toMatchObject({ rate: 1, high: 1 });
  });

  it('never fall along the ROC curve, from nothing to everything', () => {
    const distances = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(distances, distances, (genuine, impostor) => {
        const curve = rocCurve(pairs(genuine, impostor));
        expect(curve[0]).toMatchObject({ fmr: 0, tmr: 0 });
        expect(curve.at(-1)).toMatchObject({ fmr: 1, tmr: 1 });
        for (let i = 1; i < curve.length; i++) {
          expect(curve[i].fmr).toBeGreaterThanOrEqual(curve[i - 1].fmr);
          expect(curve[i].tmr).toBeGreaterThanOrEqual(curve[i - 1].tmr);
        }
        const { eer } = equalErrorRate(pairs(genuine, impostor));
        expect(eer).toBeGreaterThanOrEqual(0);
        expect(eer).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('pair everybody with everybody once', () => {
    const vectors = [
      [0, 0],
      [3, 4],
      [0, 1],
    ].map((values) => Float32Array.from(values));
    expect(pairDistances(vectors, ['a', 'b', 'a'])).toEqual({
      genuine: Float64Array.of(1),
      impostor: Float64Array.of(Math.sqrt(18), 5),
    });
  });
});
