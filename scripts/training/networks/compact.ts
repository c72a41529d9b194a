import * as tf from '@tensorflow/tfjs';
import { RepeatableDropout, UnitLength } from './layers.js';
import type { BuildOptions, Network } from './network.js';
import { glorotUniform, heNormal } from './seeds.js';
import { dlibTemplate } from './templates.js';

/**
 * Two blocks of 64 convolutions 2x2, ReLU, 2x2 max-pooling and dropout, then global average pooling and 128 values: small
 * enough to be trained from nothing in minutes.
 */
export const compact: Network = {
  name: 'compact',
  summary: 'two convolution blocks, for a first encoder of one’s own',
  // After both blocks a value sees 7x7 pixels: at this size most of a face, at 28 pixels an eye. Averaged over the picture, the
  // former tells strangers apart better (docs/training.md).
  inputPx: 12,
  learningRate: 3e-3,
  embeddingSize: 128,
  pixels: { channels: 'RGB', subtract: [127.5, 127.5, 127.5], divide: [127.5, 127.5, 127.5] },
  template: dlibTemplate,
  build,
};

function build({ seed, inputPx = compact.inputPx }: BuildOptions): tf.LayersModel {
  const input = tf.input({ shape: [inputPx, inputPx, 3], name: 'image' });
  let x = input;
  for (const block of [1, 2]) {
    const name = `conv${block}`;
    const convolution = { filters: 64, kernelSize: 2, padding: 'same', kernelInitializer: heNormal(seed, name), name } as const;
    x = tf.layers.conv2d(convolution).apply(x) as tf.SymbolicTensor;
    x = tf.layers.activation({ activation: 'relu', name: `relu${block}` }).apply(x) as tf.SymbolicTensor;
    x = tf.layers.maxPooling2d({ poolSize: 2, name: `pool${block}` }).apply(x) as tf.SymbolicTensor;
    x = new RepeatableDropout({ rate: 0.3, name: `dropout${block}` }).apply(x) as tf.SymbolicTensor;
  }
  x = tf.layers.globalAveragePooling2d({ name: 'global_pool' }).apply(x) as tf.SymbolicTensor;
  const dense = { units: compact.embeddingSize, kernelInitializer: glorotUniform(seed, 'dense'), name: 'dense' };
  x = tf.layers.dense(dense).apply(x) as tf.SymbolicTensor;
  x = new UnitLength({ name: 'norm_layer' }).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: x, name: compact.name });
}
