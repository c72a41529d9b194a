import { FACENET_THRESHOLD } from '../../../src/identity/distance.js';
import type { Calibration } from '../../../src/inference/manifest.js';
import { countBelow, tmrAtFmr, type PairDistances } from './metrics.js';

// The false match rates that a table has, as far as there are pairs enough to see them.
const rates = [1e-2, 1e-3, 1e-4, 1e-5];

/**
 * The door computes with another runtime than the calibration. Each unit vector may differ by 1e-4 (what an export is checked
 * to), a distance by twice as much: the nearest impostor pair must not slip in through the last digit.
 */
const RUNTIME_TOLERANCE = 2e-4;

/**
 * An encoder's calibration from the distances of a labelled folder.
 *
 * The operating point is the strictest: every impostor pair lies beyond it, on any runtime. It becomes 0.7 on the FaceNet scale.
 * Throws when there are no pairs to calibrate by, or the distances are not those of unit vectors.
 */
export function calibrationOf(pairs: PairDistances): Calibration {
  const { genuine, impostor } = pairs;
  if (genuine.length === 0 || impostor.length === 0) {
    throw new Error(`expected genuine and impostor pairs to calibrate by, received ${genuine.length} and ${impostor.length}`);
  }
  const resolved = rates.map((fmr) => tmrAtFmr(pairs, fmr)).filter((row) => row.resolved);
  const rawDistance = tmrAtFmr(pairs, 0).threshold - RUNTIME_TOLERANCE;
  if (!(rawDistance > 0 && rawDistance <= 2)) {
    throw new Error(
      `expected two people to be between 0 and 2 apart, received ${rawDistance}: the encoder tells nobody from anybody`,
    );
  }
  const row = (fmr: number, distance: number) => ({
    fmr,
    rawDistance: distance,
    tmr: countBelow(genuine, distance) / genuine.length,
    impostorPairs: impostor.length,
  });
  const table = [...resolved.map(({ threshold, fmr }) => row(fmr.rate, threshold)), row(0, rawDistance)];
  return { genuinePairs: genuine.length, table, operatingPoint: { rawDistance, faceNetDistance: FACENET_THRESHOLD } };
}
