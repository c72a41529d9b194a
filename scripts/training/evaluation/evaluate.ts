import { identify, type Identification } from './identification.js';
import { embeddingMap, type MapPoint } from './map.js';
import { countBelow, pairDistances, type PairDistances } from '../../../src/identity/calibration/pair-distances.js';
import { rateOf, tmrAtFmr, type Rate } from '../../../src/identity/calibration/rates.js';
import { bestAccuracy, equalErrorRate, rocCurve, type OperatingPoint } from './metrics.js';
import { hardestPairs, type Mistakes } from '../../../src/identity/calibration/hardest-pairs.js';

/** The false match rates of the tables. */
const RATES = [1e-2, 1e-3, 1e-4, 1e-5];
/** Identification is judged at the threshold of this false match rate. */
const IDENTIFICATION_FMR = 1e-3;
const HARDEST = 8;
const BINS = 60;

export interface AtFmr {
  /** What was asked for. */
  readonly target: number;
  readonly threshold: number;
  readonly tmr: Rate;
  readonly fmr: Rate;
  /** Whether there are impostor pairs enough to see this rate. */
  readonly resolved: boolean;
}

export interface Histogram {
  readonly from: number;
  readonly to: number;
  /** Share of the genuine and of the impostor pairs in each bin. */
  readonly genuine: readonly number[];
  readonly impostor: readonly number[];
}

/** How good one encoder is on a labelled folder. */
export interface Evaluation {
  readonly name: string;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  readonly eer: { readonly eer: number; readonly threshold: number };
  readonly accuracy: { readonly threshold: number; readonly accuracy: number };
  readonly atFmr: readonly AtFmr[];
  /** At the raw distance that its calibration makes 0.7. */
  readonly atTheDoor?: { readonly threshold: number; readonly tmr: Rate; readonly fmr: Rate } | undefined;
  readonly identification: { readonly threshold: number; readonly results: readonly Identification[] };
  readonly roc: readonly OperatingPoint[];
  readonly histogram: Histogram;
  readonly mistakes: Mistakes;
  readonly map: readonly MapPoint[];
}

/**
 * @param vectors one for each photograph
 * @param people who is on each
 * @param doorThreshold the raw distance that is 0.7 on the FaceNet scale, of an encoder that is calibrated
 */
export function evaluate(
  name: string,
  vectors: readonly Float32Array[],
  people: readonly string[],
  doorThreshold: number | undefined,
): Evaluation {
  const pairs = pairDistances(vectors, people);
  const { genuine, impostor } = pairs;
  if (genuine.length === 0 || impostor.length === 0) {
    throw new Error(
      `expected photographs of one person and of two, received ${genuine.length} genuine and ${impostor.length} impostor pairs`,
    );
  }
  const { threshold } = tmrAtFmr(pairs, IDENTIFICATION_FMR);
  return {
    name,
    genuinePairs: genuine.length,
    impostorPairs: impostor.length,
    eer: equalErrorRate(pairs),
    accuracy: bestAccuracy(pairs),
    atFmr: RATES.map((target) => ({ target, ...tmrAtFmr(pairs, target) })),
    atTheDoor: doorThreshold === undefined ? undefined : atThreshold(pairs, doorThreshold),
    identification: { threshold, results: identify(vectors, people, threshold) },
    roc: rocCurve(pairs),
    histogram: histogramOf(pairs),
    mistakes: hardestPairs(vectors, people, HARDEST),
    map: embeddingMap(vectors),
  };
}

function atThreshold({ genuine, impostor }: PairDistances, threshold: number) {
  return {
    threshold,
    tmr: rateOf(countBelow(genuine, threshold), genuine.length),
    fmr: rateOf(countBelow(impostor, threshold), impostor.length),
  };
}

function histogramOf({ genuine, impostor }: PairDistances): Histogram {
  const from = Math.min(genuine[0], impostor[0]);
  const to = Math.max(genuine[genuine.length - 1], impostor[impostor.length - 1]);
  const shares = (values: Float64Array) => {
    const below = Array.from({ length: BINS + 1 }, (_, i) =>
      i === BINS ? values.length : countBelow(values, from + ((to - from) * i) / BINS),
    );
    return Array.from({ length: BINS }, (_, i) => (below[i + 1] - below[i]) / values.length);
  };
  return { from, to, genuine: shares(genuine), impostor: shares(impostor) };
}
