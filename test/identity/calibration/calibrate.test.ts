import { describe, expect, it } from 'vitest';
import { calibrationOf, supportedFmr } from '../../../src/identity/calibration/calibrate.js';
import { pairDistances, type PairDistances } from '../../../src/identity/calibration/pair-distances.js';

/** 40 genuine pairs from 0.1 on and 2,000 impostor pairs from 1.0 on, a thousandth and a ten-thousandth apart. */
const pairs: PairDistances = {
  genuine: Float64Array.from({ length: 40 }, (_, i) => 0.1 + i * 0.025),
  impostor: Float64Array.from({ length: 2_000 }, (_, i) => 1 + i * 1e-4),
};

describe('calibration', () => {
  it('puts 0.7 where no impostor pair is nearer, with the rates that the pairs can show', () => {
    const { genuinePairs, table, operatingPoint } = calibrationOf(pairs);
    expect(genuinePairs).toBe(40);
    // 2,000 impostor pairs show 1e-2 (20 nearer than the 21st) and 1e-3 (2 nearer than the third), not 1e-4.
    expect(table).toHaveLength(3);
    expect(table[0]).toMatchObject({ fmr: 0.01, impostorPairs: 2_000, tmr: 37 / 40 });
    expect(table[0].rawDistance).toBeCloseTo(1.002, 10);
    expect(table[1].fmr).toBe(0.001);
    expect(table[1].rawDistance).toBeCloseTo(1.0002, 10);
    // Two runtimes may differ by 1e-4 in each vector.
    expect(table[2]).toMatchObject({ fmr: 0, rawDistance: 1 - 2e-4, tmr: 36 / 40 });
    expect(operatingPoint).toEqual({ rawDistance: 1 - 2e-4, faceNetDistance: 0.7 });
  });

  it('puts it at another false match rate where that is asked for', () => {
    expect(calibrationOf(pairs, 1e-3).operatingPoint.rawDistance).toBeCloseTo(1.0002, 10);
    const { table, operatingPoint } = calibrationOf(pairs, 5e-3);
    expect(operatingPoint.rawDistance).toBeCloseTo(1.001, 10);
    expect(table.map(({ fmr }) => fmr)).toEqual([0.01, 0.005, 0.001, 0]);
    expect(() => calibrationOf(pairs, 1e-4)).toThrow(
      'expected 10000 impostor pairs or more to see a false match rate of 0.0001, received 2000',
    );
  });

  it('is refused where two people have the very same vector, or there is nobody to compare', () => {
    const same = [1, 1, 1, 1].map((x) => Float32Array.of(x));
    expect(() => calibrationOf(pairDistances(same, ['a', 'a', 'b', 'b']))).toThrow(/one photograph under two names/);
    expect(() => calibrationOf(pairDistances(same, ['a', 'a', 'a', 'a']))).toThrow(/received 6 and 0/);
  });

  it('knows by the rule of three what so many pairs can show', () => {
    expect(supportedFmr(149_684)).toBeCloseTo(2.004e-5, 8);
    expect(supportedFmr(2)).toBe(1);
  });
});
