import { countBelow, type PairDistances } from '../../../src/identity/calibration/pair-distances.js';

/** One threshold: pairs nearer than it are taken for one person. */
export interface OperatingPoint {
  readonly threshold: number;
  /** False match rate: impostor pairs that are nearer. */
  readonly fmr: number;
  /** True match rate: genuine pairs that are nearer. */
  readonly tmr: number;
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
