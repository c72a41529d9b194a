import { fault } from '../../errors.js';
import type { Calibration } from '../../inference/manifest.js';
import { FACENET_THRESHOLD } from '../distance.js';
import { countBelow, type PairDistances } from './pair-distances.js';
import { tmrAtFmr } from './rates.js';

// The false match rates that a table has, as far as there are pairs enough to see them.
const rates = [1e-2, 1e-3, 1e-4, 1e-5];

/**
 * The door may compute with another runtime than the calibration. Each unit vector may differ by 1e-4 (what an export is checked
 * to), a distance by twice as much: the nearest impostor pair must not slip in through the last digit.
 */
const RUNTIME_TOLERANCE = 2e-4;

/**
 * An encoder's calibration from the distances of a labelled folder.
 *
 * @param fmr the false match rate of the operating point, 0..1. With 0 it is the strictest: every impostor pair lies beyond it,
 * on any runtime. It becomes 0.7 on the FaceNet scale.
 *
 * @throws FacelatchError CALIBRATION_IMPOSSIBLE when there are no pairs to calibrate by or too few to see that rate, and when an
 * impostor pair lies at no distance at all
 */
export function calibrationOf(pairs: PairDistances, fmr = 0): Calibration {
  const { genuine, impostor } = pairs;
  if (genuine.length === 0 || impostor.length === 0) {
    const received = `${genuine.length} and ${impostor.length}`;
    throw fault('CALIBRATION_IMPOSSIBLE', { expected: 'genuine and impostor pairs to calibrate by', received });
  }
  const row = (rate: number, rawDistance: number) => ({
    fmr: rate,
    rawDistance,
    tmr: countBelow(genuine, rawDistance) / genuine.length,
    impostorPairs: impostor.length,
  });
  const measured = [...new Set([...rates, ...(fmr > 0 ? [fmr] : [])])]
    .sort((a, b) => b - a)
    .map((wanted) => ({ wanted, ...tmrAtFmr(pairs, wanted) }))
    .filter(({ resolved }) => resolved);
  const strictest = row(0, tmrAtFmr(pairs, 0).threshold - RUNTIME_TOLERANCE);
  if (!(strictest.rawDistance > 0 && strictest.rawDistance <= 2)) {
    const received = `${strictest.rawDistance}: one photograph under two names, or an encoder that tells nobody from anybody`;
    throw fault('CALIBRATION_IMPOSSIBLE', { expected: 'two people to be between 0 and 2 apart', received });
  }
  const wanted = measured.find((each) => each.wanted === fmr);
  if (fmr > 0 && !wanted) {
    const expected = `${Math.ceil(1 / fmr)} impostor pairs or more to see a false match rate of ${fmr}`;
    throw fault('CALIBRATION_IMPOSSIBLE', { expected, received: String(impostor.length) });
  }
  return {
    genuinePairs: genuine.length,
    table: [...measured.map(({ threshold, fmr: seen }) => row(seen.rate, threshold)), strictest],
    operatingPoint: { rawDistance: wanted?.threshold ?? strictest.rawDistance, faceNetDistance: FACENET_THRESHOLD },
  };
}

/**
 * The false match rate that no fewer than so many impostor pairs can rule out: with none of n nearer it is below 3 / n, 95 % sure
 * (Hanley and Lippman-Hand 1983, "rule of three"). That holds for pairs that know nothing of each other; those of few people do.
 */
export function supportedFmr(impostorPairs: number): number {
  return Math.min(1, 3 / impostorPairs);
}
