import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../scripts/training/backend.js';
import { createRandom } from '../../scripts/training/random.js';
import { tripletLoss } from '../../scripts/training/triplet-loss.js';
import { mineTriplets, minings, type Mining } from '../../scripts/training/triplets.js';

beforeAll(async () => {
  await startBackend('wasm');
});

// Four points on a line: two of person 0 at 0 and 1, two of person 1 at 1.5 and 4.
const line = [[0], [1], [1.5], [4]];
const labels = [0, 0, 1, 1];

function lossOf(points: number[][], people: readonly number[], mining: Mining, margin?: number) {
  const { loss, triplets, active } = tripletLoss(tf.tensor2d(points), people, mining, margin);
  return { loss: loss.dataSync()[0], triplets, active };
}

describe('the triplet loss, checked by hand', () => {
  it('sums |a - p|^2 - |a - n|^2 + alpha over all triplets of a batch, where that is positive', () => {
    // anchor, positive: negatives            |a-p|^2   |a-n|^2       + 0.2
    // 0, 1:   at 1.5 and 4                   1         2.25, 16      0, 0
    // 1, 0:   at 1.5 and 4                   1         0.25, 9       0.95, 0
    // 1.5, 4: at 0 and 1                     6.25      2.25, 0.25    4.2, 6.2
    // 4, 1.5: at 0 and 1                     6.25      16, 9         0, 0
    const { loss, triplets, active } = lossOf(line, labels, 'batch-all');
    expect(loss).toBeCloseTo(0.95 + 4.2 + 6.2, 5);
    expect(triplets).toBe(8);
    expect(active).toBe(3);
  });

  it('takes the hardest positive and the hardest negative for each anchor', () => {
    const { loss, triplets, active } = lossOf(line, labels, 'batch-hard');
    expect(loss).toBeCloseTo(0.95 + 6.2, 5);
    expect({ triplets, active }).toEqual({ triplets: 4, active: 2 });
  });

  it('takes the nearest negative beyond the positive, or the farthest where all are nearer', () => {
    // 0: 1 < 2.25, none; 1: 1 < 9 (not 0.25), none; 1.5: none beyond 6.25, so 2.25: 4.2; 4: 6.25 < 9, none.
    const { loss, triplets, active } = lossOf(line, labels, 'semi-hard');
    expect(loss).toBeCloseTo(4.2, 5);
    expect({ triplets, active }).toEqual({ triplets: 4, active: 1 });
  });

  it('is the margin for each triplet where all embeddings coincide', () => {
    expect(lossOf([[1], [1], [1], [1]], labels, 'batch-all')).toMatchObject({
      loss: expect.closeTo(1.6, 5) as number,
      active: 8,
    });
  });

  it('is 0 where nobody is confused', () => {
    expect(lossOf([[0], [0.1], [5], [5.1]], labels, 'batch-all')).toEqual({ loss: 0, triplets: 8, active: 0 });
  });

  it('has no triplets with one person, or with one photograph of each', () => {
    expect(lossOf(line, [0, 0, 0, 0], 'batch-hard').triplets).toBe(0);
    expect(lossOf(line, [0, 1, 2, 3], 'semi-hard').triplets).toBe(0);
  });
});

describe('the gradient of the triplet loss', () => {
  const people = [0, 0, 0, 1, 1, 1, 2, 2, 2];
  const dimensions = 4;

  it.each(minings)('agrees with finite differences for %s', (mining) => {
    const random = createRandom(11);
    const points = Float32Array.from({ length: people.length * dimensions }, () => random.normal() / 2);
    const shape: [number, number] = [people.length, dimensions];
    const loss = (x: tf.Tensor) => tripletLoss(x as tf.Tensor2D, people, mining).loss;
    const gradient = tf.grad(loss)(tf.tensor2d(points, shape)).dataSync();

    // The loss is a quadratic wherever the triplets stay the same, so central differences are exact but for rounding.
    const step = 2 ** -9;
    const at = (i: number, by: number) =>
      loss(
        tf.tensor2d(
          points.map((value, j) => (i === j ? value + by : value)),
          shape,
        ),
      ).dataSync()[0];
    expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1);
    for (let i = 0; i < points.length; i++) {
      const difference = (at(i, step) - at(i, -step)) / (2 * step);
      expect(Math.abs(gradient[i] - difference)).toBeLessThan(2e-2);
    }
  });

  it('does not change the embeddings of triplets that keep the margin', () => {
    const far = tf.tensor2d([[0], [0.1], [5], [5.1]]);
    expect([
      ...tf
        .grad((x: tf.Tensor) => tripletLoss(x as tf.Tensor2D, labels, 'batch-all').loss)(far)
        .dataSync(),
    ]).toEqual([0, 0, 0, 0]);
  });
});

describe('mining', () => {
  it.each(minings)('names an anchor and a positive of one person and a negative of another, for %s', (mining) => {
    const random = createRandom(5);
    const people = Array.from({ length: 12 }, (_, i) => i % 4);
    const squared = Float32Array.from({ length: 144 }, () => random.next());
    for (const { anchor, positive, negative } of mineTriplets({ size: 12, squared }, people, mining)) {
      expect(anchor).not.toBe(positive);
      expect(people[anchor]).toBe(people[positive]);
      expect(people[anchor]).not.toBe(people[negative]);
    }
  });
});
