import { countBelow, type PairDistances } from './pair-distances.js';

/** A share with the pairs behind it and its 95 % confidence interval. */
export interface Rate {
  readonly rate: number;
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

// The normal distribution's 97.5th percentile.
const Z = 1.959964;

/** `count` of `of`, with Wilson's score interval (1927), which holds for few pairs and for shares near 0 and 1. */
export function rateOf(count: number, of: number): Rate {
  if (of === 0) return { rate: NaN, count, of, low: 0, high: 1 };
  const rate = count / of;
  const z2 = (Z * Z) / of;
  const centre = (rate + z2 / 2) / (1 + z2);
  const half = (Z * Math.sqrt((rate * (1 - rate)) / of + z2 / (4 * of))) / (1 + z2);
  return {
    rate,
    count,
    of,
    low: count === 0 ? 0 : Math.max(0, centre - half),
    high: count === of ? 1 : Math.min(1, centre + half),
  };
}

/**
 * The true match rate at the laxest threshold whose false match rate is at most `fmr`.
 *
 * `resolved` is false where there are too few impostor pairs to see that rate: then none of them matches.
 */
export function tmrAtFmr(
  { genuine, impostor }: PairDistances,
  fmr: number,
): { readonly threshold: number; readonly tmr: Rate; readonly fmr: Rate; readonly resolved: boolean } {
  const allowed = Math.floor(fmr * impostor.length + 1e-9);
  const threshold = allowed < impostor.length ? impostor[allowed] : Infinity;
  return {
    threshold,
    tmr: rateOf(countBelow(genuine, threshold), genuine.length),
    fmr: rateOf(countBelow(impostor, threshold), impostor.length),
    resolved: allowed >= 1,
  };
}
