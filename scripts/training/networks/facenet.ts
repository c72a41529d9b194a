import * as tf from '@tensorflow/tfjs';
import { L2Pooling, LocalResponse, UnitLength } from './layers.js';
import type { BuildOptions, Network } from './network.js';
import { glorotUniform, heNormal } from './seeds.js';
import { openFaceTemplate } from './templates.js';

/**
 * FaceNet's Inception network in the size that OpenFace published as nn4.small2, with the layer names of its CSV weights.
 * Where the Keras port differs from the Torch definition that the weights were trained with, this follows Torch.
 */
export const facenet: Network = {
  name: 'facenet',
  summary: 'FaceNet’s Inception network nn4.small2, as published by OpenFace',
  inputPx: 96,
  embeddingSize: 128,
  learningRate: 1e-3,
  pixels: { channels: 'RGB', subtract: [0, 0, 0], divide: [255, 255, 255] },
  template: openFaceTemplate,
  // models/openface/nn4.small2.def.lua: "Number of Parameters from net:getParameters() with embSize=128: 3733968".
  publishedParameters: 3_733_968,
  build,
};

/** [filters of the 1x1 convolution that reduces, filters of the convolution itself]. */
type Reduced = readonly [reduce: number, filters: number];

interface Block {
  readonly name: string;
  /** Of the 3x3 and 5x5 convolutions. */
  readonly stride: 1 | 2;
  readonly threes: Reduced;
  readonly fives?: Reduced;
  /** Max-pooling has stride 2, L2 pooling stride 3; a 1x1 convolution follows where there are filters. */
  readonly pool: { readonly by: 'max' | 'l2'; readonly filters?: number };
  readonly ones?: number;
}

// Table 2 of the FaceNet paper (Schroff et al. 2015) without 4b to 4d, 5a and 5b made smaller.
const blocks: readonly Block[] = [
  { name: '3a', stride: 1, threes: [96, 128], fives: [16, 32], pool: { by: 'max', filters: 32 }, ones: 64 },
  { name: '3b', stride: 1, threes: [96, 128], fives: [32, 64], pool: { by: 'l2', filters: 64 }, ones: 64 },
  { name: '3c', stride: 2, threes: [128, 256], fives: [32, 64], pool: { by: 'max' } },
  { name: '4a', stride: 1, threes: [96, 192], fives: [32, 64], pool: { by: 'l2', filters: 128 }, ones: 256 },
  { name: '4e', stride: 2, threes: [160, 256], fives: [64, 128], pool: { by: 'max' } },
  { name: '5a', stride: 1, threes: [96, 384], pool: { by: 'l2', filters: 96 }, ones: 256 },
  { name: '5b', stride: 1, threes: [96, 384], pool: { by: 'max', filters: 96 }, ones: 256 },
];

function build({ seed, inputPx = facenet.inputPx }: BuildOptions): tf.LayersModel {
  // The dense layer takes 736 values: after five halvings no other size leaves 3x3 for the average.
  if (inputPx !== facenet.inputPx)
    throw new Error(`expected an input of ${facenet.inputPx} px for nn4.small2, received ${inputPx}`);
  const layers = layersOf(seed);
  const input = tf.input({ shape: [inputPx, inputPx, 3], name: 'image' });

  let x = layers.convolution(input, { conv: 'conv1', bn: 'bn1', filters: 64, size: 7, stride: 2 });
  x = layers.paddedMaxPool(x, 'pool1');
  x = new LocalResponse({ name: 'lrn_1' }).apply(x) as tf.SymbolicTensor;
  x = layers.convolution(x, { conv: 'conv2', bn: 'bn2', filters: 64, size: 1 });
  x = layers.convolution(x, { conv: 'conv3', bn: 'bn3', filters: 192, size: 3 });
  x = new LocalResponse({ name: 'lrn_2' }).apply(x) as tf.SymbolicTensor;
  x = layers.paddedMaxPool(x, 'pool2');
  for (const block of blocks) x = layers.inception(x, block);

  x = tf.layers.averagePooling2d({ poolSize: 3, strides: 1, name: 'avg_pool' }).apply(x) as tf.SymbolicTensor;
  x = tf.layers.flatten({ name: 'flatten' }).apply(x) as tf.SymbolicTensor;
  const dense = { units: facenet.embeddingSize, kernelInitializer: glorotUniform(seed, 'dense_layer'), name: 'dense_layer' };
  x = tf.layers.dense(dense).apply(x) as tf.SymbolicTensor;
  x = new UnitLength({ name: 'norm_layer' }).apply(x) as tf.SymbolicTensor;
  return tf.model({ inputs: input, outputs: x, name: 'nn4.small2' });
}

interface Convolution {
  readonly conv: string;
  readonly bn: string;
  readonly filters: number;
  readonly size: number;
  readonly stride?: 1 | 2;
}

function layersOf(seed: number | undefined) {
  /** Zero padding that keeps the size (at stride 1), convolution, batch normalisation, ReLU. */
  function convolution(x: tf.SymbolicTensor, { conv, bn, filters, size, stride = 1 }: Convolution): tf.SymbolicTensor {
    const config = { filters, kernelSize: size, strides: stride, kernelInitializer: heNormal(seed, conv), name: conv };
    let y = padded(x, (size - 1) / 2, conv);
    y = tf.layers.conv2d(config).apply(y) as tf.SymbolicTensor;
    y = tf.layers.batchNormalization({ epsilon: 1e-5, name: bn }).apply(y) as tf.SymbolicTensor;
    return tf.layers.activation({ activation: 'relu', name: `${bn}_relu` }).apply(y) as tf.SymbolicTensor;
  }

  function padded(x: tf.SymbolicTensor, padding: number | [[number, number], [number, number]], name: string): tf.SymbolicTensor {
    if (padding === 0) return x;
    const around: [[number, number], [number, number]] = Array.isArray(padding)
      ? padding
      : [
          [padding, padding],
          [padding, padding],
        ];
    return tf.layers.zeroPadding2d({ padding: around, name: `${name}_pad` }).apply(x) as tf.SymbolicTensor;
  }

  /** Zeros serve as well as Torch's minus infinity here: what comes in is never negative. */
  function paddedMaxPool(x: tf.SymbolicTensor, name: string): tf.SymbolicTensor {
    return tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name }).apply(padded(x, 1, name)) as tf.SymbolicTensor;
  }

  function inception(x: tf.SymbolicTensor, { name, stride, threes, fives, pool, ones }: Block): tf.SymbolicTensor {
    const prefix = `inception_${name}`;
    const reduced = (size: 3 | 5, [reduce, filters]: Reduced) => {
      const branch = `${prefix}_${size}x${size}`;
      const narrow = convolution(x, { conv: `${branch}_conv1`, bn: `${branch}_bn1`, filters: reduce, size: 1 });
      return convolution(narrow, { conv: `${branch}_conv2`, bn: `${branch}_bn2`, filters, size, stride });
    };
    const branches = [reduced(3, threes)];
    if (fives) branches.push(reduced(5, fives));
    const side = branches[0].shape[1] as number;
    branches.push(pooled(x, `${prefix}_pool`, pool, side));
    if (ones !== undefined) {
      branches.push(convolution(x, { conv: `${prefix}_1x1_conv`, bn: `${prefix}_1x1_bn`, filters: ones, size: 1 }));
    }
    return tf.layers.concatenate({ axis: 3, name: prefix }).apply(branches) as tf.SymbolicTensor;
  }

  /** The pooling branch, set in the middle of zeros of the other branches' size as Torch's DepthConcat does. */
  function pooled(x: tf.SymbolicTensor, name: string, { by, filters }: Block['pool'], side: number): tf.SymbolicTensor {
    const pooling = by === 'max' ? tf.layers.maxPooling2d({ poolSize: 3, strides: 2, name }) : new L2Pooling({ name });
    let y = pooling.apply(x) as tf.SymbolicTensor;
    if (filters !== undefined) y = convolution(y, { conv: `${name}_conv`, bn: `${name}_bn`, filters, size: 1 });
    const missing = side - (y.shape[1] as number);
    if (missing === 0) return y;
    const before = Math.floor(missing / 2);
    const both: [number, number] = [before, missing - before];
    return padded(y, [both, both], name);
  }

  return { convolution, paddedMaxPool, inception };
}
