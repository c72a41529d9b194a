import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backOffMs } from '../src/back-off.js';

const limits = { minMs: 500, maxMs: 15_000 };

describe('backOffMs', () => {
  it('doubles with each failure up to the limit', () => {
    expect([0, 1, 2, 3, 4, 5, 6].map((failures) => backOffMs(failures, limits, () => 0))).toEqual([
      500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500,
    ]);
    expect([0, 1, 2, 3, 4, 5, 6].map((failures) => backOffMs(failures, limits, () => 1))).toEqual([
      1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ]);
  });

  it('stays within its limits, even after years of failures or with the limits the wrong way round', () => {
    const failures = fc.integer({ min: 0, max: 10_000_000 });
    const limit = fc.integer({ min: 50, max: 600_000 });
    fc.assert(
      fc.property(failures, limit, limit, fc.double({ min: 0, max: 1, noNaN: true }), (count, minMs, maxMs, chance) => {
        const delayMs = backOffMs(count, { minMs, maxMs }, () => chance);
        expect(delayMs).toBeGreaterThanOrEqual(minMs);
        expect(delayMs).toBeLessThanOrEqual(Math.max(minMs, maxMs));
      }),
    );
  });
});
