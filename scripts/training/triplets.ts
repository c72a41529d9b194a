/**
 * How triplets are chosen within a batch:
 * `batch-all` every one; `batch-hard` for each anchor the farthest positive and the nearest negative (Hermans et al. 2017);
 * `semi-hard` for each anchor and positive the nearest negative that is farther than the positive (FaceNet, clause 3.2).
 */
export const minings = ['batch-all', 'batch-hard', 'semi-hard'] as const;
export type Mining = (typeof minings)[number];

/** Rows of the batch. */
export interface Triplet {
  readonly anchor: number;
  readonly positive: number;
  readonly negative: number;
}

/** Square distances of the rows of a batch to each other. */
export interface Distances {
  readonly size: number;
  /** size x size, squared L2. */
  readonly squared: Float32Array;
}

/**
 * The triplets of a batch.
 *
 * @param labels who is on each row
 */
export function mineTriplets(distances: Distances, labels: readonly number[], mining: Mining): Triplet[] {
  const rows = [...labels.keys()];
  return rows.flatMap((anchor) => {
    const positives = rows.filter((row) => row !== anchor && labels[row] === labels[anchor]);
    const negatives = rows.filter((row) => labels[row] !== labels[anchor]);
    if (positives.length === 0 || negatives.length === 0) return [];
    return choose[mining]({ anchor, positives, negatives, distance: (row) => distances.squared[anchor * distances.size + row] });
  });
}

interface Candidates {
  readonly anchor: number;
  readonly positives: readonly number[];
  readonly negatives: readonly number[];
  /** From the anchor. */
  readonly distance: (row: number) => number;
}

const choose: Readonly<Record<Mining, (candidates: Candidates) => Triplet[]>> = {
  'batch-all': ({ anchor, positives, negatives }) =>
    positives.flatMap((positive) => negatives.map((negative) => ({ anchor, positive, negative }))),

  'batch-hard': ({ anchor, positives, negatives, distance }) => [
    { anchor, positive: farthest(positives, distance), negative: nearest(negatives, distance) },
  ],

  'semi-hard': ({ anchor, positives, negatives, distance }) =>
    positives.map((positive) => {
      const farther = negatives.filter((row) => distance(row) > distance(positive));
      // Where every negative is nearer than the positive, the least wrong one teaches most steadily.
      const negative = farther.length > 0 ? nearest(farther, distance) : farthest(negatives, distance);
      return { anchor, positive, negative };
    }),
};

function nearest(rows: readonly number[], distance: (row: number) => number): number {
  return rows.reduce((best, row) => (distance(row) < distance(best) ? row : best));
}

function farthest(rows: readonly number[], distance: (row: number) => number): number {
  return rows.reduce((best, row) => (distance(row) > distance(best) ? row : best));
}
