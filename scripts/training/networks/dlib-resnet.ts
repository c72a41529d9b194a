import * as tf from '@tensorflow/tfjs';
import { ChannelScale, ZeroExtend } from './layers.js';
import type { BuildOptions, Network } from './network.js';
import { glorotUniform, heNormal } from './seeds.js';
import { dlibTemplate } from './templates.js';

/**
 * dlib's face_recognition_resnet_model_v1: a ResNet of 29 convolutions with its batch normalisation already turned into a
 * scale and a bias for each channel. The layers bear the names of face-api's weights.
 */
export const dlibResnet: Network = {
  name: 'dlib-resnet',
  summary: 'dlib’s residual network of 29 convolutions, for the weights that face-api ships',
  inputPx: 150,
  embeddingSize: 128,
  learningRate: 1e-3,
  // dlib (dnn/input.h, input_rgb_image): the mean colour of its photographs.
  pixels: { channels: 'RGB', subtract: [122.782, 117.001, 104.298], divide: [255, 255, 255] },
  template: dlibTemplate,
  build,
};

// [name, filters, halves the picture]
const blocks: readonly (readonly [name: string, filters: number, down: boolean])[] = [
  ['conv32_1', 32, false],
  ['conv32_2', 32, false],
  ['conv32_3', 32, false],
  ['conv64_down', 64, true],
  ['conv64_1', 64, false],
  ['conv64_2', 64, false],
  ['conv64_3', 64, false],
  ['conv128_down', 128, true],
  ['conv128_1', 128, false],
  ['conv128_2', 128, false],
  ['conv256_down', 256, true],
  ['conv256_1', 256, false],
  ['conv256_2', 256, false],
  ['conv256_down_out', 256, true],
];

function build({ seed, inputPx = dlibResnet.inputPx }: BuildOptions): tf.LayersModel {
  const input = tf.input({ shape: [inputPx, inputPx, 3], name: 'image' });
  let x = relu(convolution(input, 'conv32_down', { filters: 32, size: 7, stride: 2, seed }), 'conv32_down');
  x = tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name: 'pool' }).apply(x) as tf.SymbolicTensor;
  for (const [name, filters, down] of blocks) x = residual(x, name, filters, down, seed);
  x = tf.layers.globalAveragePooling2d({ name: 'global_pool' }).apply(x) as tf.SymbolicTensor;
  const fc = { units: dlibResnet.embeddingSize, useBias: false, kernelInitializer: glorotUniform(seed, 'fc'), name: 'fc' };
  // dlib's descriptors are not of unit length; the door normalises every embedding.
  return tf.model({ inputs: input, outputs: tf.layers.dense(fc).apply(x) as tf.SymbolicTensor, name: dlibResnet.name });
}

interface Convolution {
  readonly filters: number;
  readonly size: number;
  readonly stride: 1 | 2;
  readonly seed: number | undefined;
}

function convolution(x: tf.SymbolicTensor, name: string, { filters, size, stride, seed }: Convolution): tf.SymbolicTensor {
  const conv = `${name}/conv`;
  const config = {
    filters,
    kernelSize: size,
    strides: stride,
    padding: stride === 2 ? 'valid' : 'same',
    kernelInitializer: heNormal(seed, conv),
    name: conv,
  } as const;
  const y = tf.layers.conv2d(config).apply(x) as tf.SymbolicTensor;
  return new ChannelScale({ name: `${name}/scale` }).apply(y) as tf.SymbolicTensor;
}

function relu(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
  return tf.layers.activation({ activation: 'relu', name: `${name}/relu` }).apply(x) as tf.SymbolicTensor;
}

function residual(
  x: tf.SymbolicTensor,
  name: string,
  filters: number,
  down: boolean,
  seed: number | undefined,
): tf.SymbolicTensor {
  let y = relu(convolution(x, `${name}/conv1`, { filters, size: 3, stride: down ? 2 : 1, seed }), `${name}/conv1`);
  y = convolution(y, `${name}/conv2`, { filters, size: 3, stride: 1, seed });
  let shortcut = x;
  if (down) {
    shortcut = tf.layers.averagePooling2d({ poolSize: 2, strides: 2, name: `${name}/pool` }).apply(x) as tf.SymbolicTensor;
    const missing = (a: tf.SymbolicTensor, b: tf.SymbolicTensor, axis: number) =>
      Math.max(0, (b.shape[axis] ?? 0) - (a.shape[axis] ?? 0));
    y = extended(y, `${name}/extend`, { rows: missing(y, shortcut, 1), columns: missing(y, shortcut, 2) });
    shortcut = extended(shortcut, `${name}/shortcut`, { channels: missing(shortcut, y, 3) });
  }
  return relu(tf.layers.add({ name: `${name}/add` }).apply([shortcut, y]) as tf.SymbolicTensor, name);
}

function extended(
  x: tf.SymbolicTensor,
  name: string,
  by: { readonly rows?: number; readonly columns?: number; readonly channels?: number },
): tf.SymbolicTensor {
  const nothing = Object.values(by).every((count) => count === 0);
  return nothing ? x : (new ZeroExtend({ name, ...by }).apply(x) as tf.SymbolicTensor);
}
