import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/messages/backoff.js';

describe('backoffMs', () => {
  it('doubles from the least to the greatest wait', () => {
    expect([1, 2, 3, 4, 5].map((failures) => backoffMs(failures, 1_000, 10_000, 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 10_000,
    ]);
  });

  it('lies by chance in the upper half', () => {
    expect(backoffMs(3, 1_000, 10_000, 0)).toBe(2_000);
    expect(backoffMs(3, 1_000, 10_000, 0.5)).toBe(3_000);
  });

  it('never leaves its limits, however often it has failed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const wait = backoffMs(failures, 500, 60_000, random);
        return wait >= 500 && wait <= 60_000;
      }),
    );
  });
});
