/** Distances of pairs of photographs: of one person, and of two. Ascending. */
export interface PairDistances {
  readonly genuine: Float64Array;
  readonly impostor: Float64Array;
}

/** A share with the pairs behind it and its 95 % confidence interval. */
export interface Rate {
  readonly rate: number;
  readonly count: number;
  readonly of: number;
  readonly low: number;
  readonly high: number;
}

/** One threshold: pairs nearer than it are taken for one person. */
export interface OperatingPoint {
  readonly threshold: number;
  /** False match rate: impostor pairs that are nearer. */
  readonly fmr: number;
  /** True match rate: genuine pairs that are nearer. */
  readonly tmr: number;
}

/** How many of the ascending values are less than `threshold`. */
export function countBelow(values: Float64Array, threshold: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function operatingPoint({ genuine, impostor }: PairDistances, threshold: number): OperatingPoint {
  return {
    threshold,
    fmr: countBelow(impostor, threshold) / impostor.length,
    tmr: countBelow(genuine, threshold) / genuine.length,
  };
}

/** Every threshold at which something changes, from the strictest on; beyond the last distance everything matches. */
export function* operatingPoints({ genuine, impostor }: PairDistances): Generator<OperatingPoint> {
  let g = 0;
  let i = 0;
  while (g < genuine.length || i < impostor.length) {
    const threshold = Math.min(genuine[g] ?? Infinity, impostor[i] ?? Infinity);
    yield { threshold, fmr: i / impostor.length, tmr: g / genuine.length };
    while (genuine[g] === threshold) g++;
    while (impostor[i] === threshold) i++;
  }
  yield { threshold: Infinity, fmr: 1, tmr: 1 };
}

// What a curve of a few hundred pixels can show: a 500th of the height, a 50th of a decade of false match rates.
const VISIBLE_TMR = 1 / 500;
const VISIBLE_DECADES = 1 / 50;

/** The ROC curve for drawing: all its corners where there are few, and no more points than can be seen. */
export function rocCurve(pairs: PairDistances): OperatingPoint[] {
  const curve: OperatingPoint[] = [];
  for (const point of operatingPoints(pairs)) {
    const last = curve.at(-1);
    const decades = Math.abs(Math.log10(point.fmr) - Math.log10(last?.fmr ?? 0));
    const visible = !last || point.tmr - last.tmr >= VISIBLE_TMR || decades >= VISIBLE_DECADES;
    if (visible || point.fmr === 1) curve.push(point);
  }
  return curve;
}

/** The equal error rate: where as many impostors match as genuine pairs do not, between the two nearest thresholds. */
export function equalErrorRate(pairs: PairDistances): { readonly eer: number; readonly threshold: number } {
  let before: OperatingPoint = { threshold: 0, fmr: 0, tmr: 0 };
  for (const point of operatingPoints(pairs)) {
    const gap = point.fmr - (1 - point.tmr);
    if (gap >= 0) {
      const gapBefore = before.fmr - (1 - before.tmr);
      const share = gap === gapBefore ? 1 : -gapBefore / (gap - gapBefore);
      const eer = before.fmr + share * (point.fmr - before.fmr);
      return { eer, threshold: Number.isFinite(point.threshold) ? point.threshold : before.threshold };
    }
    before = point;
  }
  return { eer: 0, threshold: before.threshold };
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

/** Share of the pairs judged rightly at the threshold that is best in hindsight, genuine and impostor pairs counting alike. */
export function bestAccuracy(pairs: PairDistances): { readonly threshold: number; readonly accuracy: number } {
  const all = pairs.genuine.length + pairs.impostor.length;
  let best = { threshold: 0, accuracy: 0 };
  for (const { threshold, fmr, tmr } of operatingPoints(pairs)) {
    const accuracy = (tmr * pairs.genuine.length + (1 - fmr) * pairs.impostor.length) / all;
    if (accuracy > best.accuracy) best = { threshold, accuracy };
  }
  return best;
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

/** Distances of all pairs of vectors, by whether both are of one person. */
export function pairDistances(vectors: readonly Float32Array[], people: readonly string[]): PairDistances {
  const times = new Map<string, number>();
  for (const person of people) times.set(person, (times.get(person) ?? 0) + 1);
  const genuinePairs = [...times.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  const genuine = new Float64Array(genuinePairs);
  const impostor = new Float64Array((people.length * (people.length - 1)) / 2 - genuinePairs);
  let g = 0;
  let m = 0;
  for (let i = 0; i < vectors.length; i++) {
    for (let j = i + 1; j < vectors.length; j++) {
      const distance = l2(vectors[i], vectors[j]);
      if (people[i] === people[j]) genuine[g++] = distance;
      else impostor[m++] = distance;
    }
  }
  return { genuine: genuine.sort(), impostor: impostor.sort() };
}

/** Euclidean distance. */
export function l2(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
