import * as tf from '@tensorflow/tfjs';
import type { PixelFormat } from '../../src/faces/resample.js';
import { unitVector } from '../../src/identity/embedding.js';
import { centreOf } from './data/augment.js';
import type { Crop } from './data/crops.js';

/**
 * A batch as TensorFlow.js wants it.
 *
 * @param planar each planar RGB, 0..255, 3 * inputPx * inputPx
 * @returns [N, inputPx, inputPx, 3], scaled as the network wants its pixels
 */
export function toImages(planar: readonly Float32Array[], inputPx: number, { subtract, divide }: PixelFormat): tf.Tensor4D {
  const plane = inputPx * inputPx;
  const values = new Float32Array(planar.length * 3 * plane);
  planar.forEach((picture, n) => {
    for (let channel = 0; channel < 3; channel++) {
      for (let i = 0; i < plane; i++) {
        values[(n * plane + i) * 3 + channel] = (picture[channel * plane + i] - subtract[channel]) / divide[channel];
      }
    }
  });
  return tf.tensor4d(values, [planar.length, inputPx, inputPx, 3]);
}

// Few enough for the memory of a small board, enough to keep the convolutions busy.
const PER_RUN = 32;

/** Embeddings of crops as the door would see them, of unit length, without augmentation. */
export function embedCrops(model: tf.LayersModel, crops: readonly Crop[], inputPx: number, pixels: PixelFormat): Float32Array[] {
  const vectors: Float32Array[] = [];
  for (let start = 0; start < crops.length; start += PER_RUN) {
    const planar = crops.slice(start, start + PER_RUN).map((crop) => centreOf(crop, inputPx));
    const values = tf.tidy(() => {
      const embeddings = model.predict(toImages(planar, inputPx, pixels)) as tf.Tensor;
      return embeddings.dataSync<'float32'>();
    });
    const length = values.length / planar.length;
    planar.forEach((_, i) => {
      const vector = unitVector(values.slice(i * length, (i + 1) * length));
      if (!vector) throw new Error('expected an embedding of finite numbers that are not all 0, received another');
      vectors.push(vector);
    });
  }
  return vectors;
}
