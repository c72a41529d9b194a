import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { adamDefaults, createAdam } from '../../scripts/training/adam.js';
import { startBackend } from '../../scripts/training/backend.js';
import type { NamedVariable } from '../../scripts/training/named-weights.js';

beforeAll(async () => {
  await startBackend('wasm');
});

const target = [0.3, -1.7, 2.5];

function variable(values: number[]): NamedVariable {
  return { name: 'layer/kernel', layer: 'layer', variable: tf.variable(tf.tensor1d(values)), trainable: true };
}

function gradients({ variable: x }: NamedVariable): tf.NamedTensorMap {
  return { [x.name]: tf.tidy(() => tf.mul(tf.sub(x, tf.tensor1d(target)), 2)) };
}

describe('Adam', () => {
  it('moves as TensorFlow.js’s own does', () => {
    const [ours, theirs] = [variable([1, 2, -3]), variable([1, 2, -3])];
    const adam = createAdam([ours], { ...adamDefaults, learningRate: 0.05 });
    const reference = tf.train.adam(0.05, 0.9, 0.999, 1e-8);
    for (let step = 0; step < 40; step++) {
      adam.apply(gradients(ours));
      reference.applyGradients(Object.entries(gradients(theirs)).map(([name, tensor]) => ({ name, tensor })));
    }
    const expected = theirs.variable.dataSync();
    ours.variable.dataSync().forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
  });

  it('continues from a stored state to the very same numbers', () => {
    const unbroken = variable([1, 2, -3]);
    const adam = createAdam([unbroken]);
    for (let step = 0; step < 25; step++) adam.apply(gradients(unbroken));

    const first = variable([1, 2, -3]);
    const before = createAdam([first]);
    for (let step = 0; step < 10; step++) before.apply(gradients(first));
    const resumed = variable([...first.variable.dataSync()]);
    const after = createAdam([resumed]);
    after.restore(before.steps, before.state());
    for (let step = 10; step < 25; step++) after.apply(gradients(resumed));

    expect([...resumed.variable.dataSync()]).toEqual([...unbroken.variable.dataSync()]);
    expect(after.steps).toBe(25);
  });

  it('refuses a state that lacks a moment', () => {
    const one = variable([1]);
    expect(() => createAdam([one]).restore(1, new Map())).toThrow(
      'expected the weights "layer/kernel.m" of shape [1], found none',
    );
  });

  it('keeps no tensors but its own', () => {
    const one = variable([1, 2, 3]);
    const adam = createAdam([one]);
    const step = () => tf.tidy(() => adam.apply(gradients(one)));
    step();
    const before = tf.memory().numTensors;
    step();
    expect(tf.memory().numTensors).toBe(before);
    adam.dispose();
    adam.dispose();
    expect(tf.memory().numTensors).toBe(before - 2);
  });
});
