import * as tf from '@tensorflow/tfjs';
import { loadRuntime } from '../../../src/inference/runtime.js';

/** How far ONNX Runtime and TensorFlow.js are apart. */
export interface Parity {
  /** Largest difference of a value of the embeddings, scaled to unit length as the door does. */
  readonly unit: number;
  /** The same without scaling. */
  readonly raw: number;
  readonly inputs: number;
}

/** The largest difference that is taken for rounding. */
export const PARITY_LIMIT = 1e-4;

/**
 * Runs both on the same pictures.
 *
 * @param images [N, height, width, 3], scaled for the network
 */
export async function compare(model: tf.LayersModel, onnx: Uint8Array, images: tf.Tensor4D): Promise<Parity> {
  const runtime = await loadRuntime();
  const session = await runtime.InferenceSession.create(onnx, { executionProviders: ['cpu'], intraOpNumThreads: 1 });
  try {
    const [count, height, width, channels] = images.shape;
    const planar = tf.tidy(() => tf.transpose(images, [0, 3, 1, 2]).dataSync<'float32'>());
    const expected = tf.tidy(() => (model.predict(images) as tf.Tensor).dataSync<'float32'>());
    const input = new runtime.Tensor('float32', planar, [count, channels, height, width]);
    const results = await session.run({ [session.inputNames[0]]: input });
    const received = results[session.outputNames[0]].data as Float32Array;
    if (received.length !== expected.length) throw new Error(`expected ${expected.length} values, received ${received.length}`);
    const size = expected.length / count;
    const [unitExpected, unitReceived] = [expected, received].map((values) => unitRows(values, size));
    return { unit: largestDifference(unitExpected, unitReceived), raw: largestDifference(expected, received), inputs: count };
  } finally {
    await session.release();
  }
}

function unitRows(values: Float32Array, size: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += size) {
    const row = values.subarray(start, start + size);
    const length = Math.hypot(...row);
    row.forEach((value, i) => (result[start + i] = value / length));
  }
  return result;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i] - b[i]);
    // NaN is the largest difference of all.
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}
