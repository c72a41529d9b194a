import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend, type Backend } from '../../scripts/training/backend.js';
import { createRandom } from '../../scripts/training/random.js';

interface Case {
  readonly input: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly stride: number;
  readonly pad: 'valid' | 'same' | number;
}

const cases: Case[] = [
  { input: [3, 8, 8, 2], filter: [2, 2, 2, 5], stride: 1, pad: 'same' },
  { input: [2, 9, 7, 3], filter: [3, 3, 3, 4], stride: 1, pad: 'valid' },
  { input: [2, 12, 12, 3], filter: [3, 3, 3, 4], stride: 2, pad: 'same' },
  { input: [2, 13, 11, 3], filter: [3, 3, 3, 4], stride: 2, pad: 'valid' },
  { input: [2, 16, 16, 3], filter: [7, 7, 3, 6], stride: 2, pad: 3 },
  { input: [4, 6, 6, 8], filter: [1, 1, 8, 3], stride: 1, pad: 'valid' },
  { input: [2, 10, 10, 4], filter: [5, 5, 4, 6], stride: 2, pad: 2 },
  { input: [2, 7, 7, 4], filter: [1, 1, 4, 3], stride: 2, pad: 'valid' },
];

function values(shape: number[], seed: number): tf.Tensor {
  const random = createRandom(seed);
  return tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => random.next() * 2 - 1),
    shape,
  );
}

async function gradients(backend: Backend, { input, filter, stride, pad }: Case): Promise<Float32Array[]> {
  await startBackend(backend);
  const rounding = typeof pad === 'number' ? 'floor' : undefined;
  const convolve = (x: tf.Tensor, w: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad, 'NHWC', 1, rounding);
  const x = values(input, 1);
  const w = values(filter, 2);
  // A weight for each output makes its gradient uneven.
  const weights = values(convolve(x, w).shape, 3);
  const [dx, dw] = tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.sum(tf.mul(convolve(a, b), weights)))([x, w]);
  return [dx.dataSync() as Float32Array, dw.dataSync() as Float32Array];
}

describe('the gradients of a convolution on WebAssembly', () => {
  beforeAll(() => tf.engine().startScope());
  afterAll(() => tf.engine().endScope());

  it.each(cases)('agrees with the CPU backend to 1e-4 for $input by $filter, stride $stride, padding $pad', async (given) => {
    const [dxWasm, dwWasm] = await gradients('wasm', given);
    const [dxCpu, dwCpu] = await gradients('cpu', given);
    expect(dwWasm.length).toBe(dwCpu.length);
    expect(largestDifference(dwWasm, dwCpu)).toBeLessThan(1e-4);
    expect(largestDifference(dxWasm, dxCpu)).toBeLessThan(1e-4);
  });
});

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i])), 0);
}
