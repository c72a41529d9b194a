import * as tf from '@tensorflow/tfjs';
import { mineTriplets, type Distances, type Mining, type Triplet } from './triplets.js';

// FaceNet, clause 4: "alpha is set to 0.2".
export const FACENET_MARGIN = 0.2;

export interface TripletLoss {
  /** A scalar: the sum over the triplets of max(|a - p|^2 - |a - n|^2 + margin, 0). */
  readonly loss: tf.Scalar;
  readonly triplets: number;
  /** Triplets that still violate the margin; the others teach nothing. */
  readonly active: number;
}

/**
 * FaceNet's triplet loss over one batch, with its gradient.
 *
 * @param embeddings [N, D]
 * @param labels who is on each of the N rows
 */
export function tripletLoss(
  embeddings: tf.Tensor2D,
  labels: readonly number[],
  mining: Mining,
  margin = FACENET_MARGIN,
): TripletLoss {
  const squared = squaredDistances(embeddings);
  const distances: Distances = { size: labels.length, squared: squared.dataSync<'float32'>() };
  const triplets = mineTriplets(distances, labels, mining);
  const { active, weights } = weigh(distances, triplets, margin);
  // Where max(..., 0) is not 0 the loss is linear in the distances: a weighted sum of them has the same value and the same
  // gradient, and needs no gather, whose gradient WebAssembly lacks.
  const loss = tf.add(tf.sum(tf.mul(squared, weights)), active * margin);
  return { loss: loss as tf.Scalar, triplets: triplets.length, active };
}

/** How often each distance counts in the loss: +1 as a positive, -1 as a negative, in each triplet that is active. */
function weigh(
  { size, squared }: Distances,
  triplets: readonly Triplet[],
  margin: number,
): { active: number; weights: tf.Tensor2D } {
  const weights = new Float32Array(size * size);
  let active = 0;
  for (const { anchor, positive, negative } of triplets) {
    const near = anchor * size + positive;
    const far = anchor * size + negative;
    if (squared[near] - squared[far] + margin <= 0) continue;
    active++;
    weights[near] += 1;
    weights[far] -= 1;
  }
  return { active, weights: tf.tensor2d(weights, [size, size]) };
}

/** [N, D] to [N, N]: |a|^2 + |b|^2 - 2 a.b. */
export function squaredDistances(embeddings: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => {
    const norms = tf.sum(tf.square(embeddings), 1, true);
    const dots = tf.matMul(embeddings, embeddings, false, true);
    return tf.sub(tf.add(norms, tf.transpose(norms)), tf.mul(dots, 2));
  });
}
