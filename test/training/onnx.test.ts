import { fromBinary } from '@bufbuild/protobuf';
import * as tf from '@tensorflow/tfjs';
import { ModelProtoSchema } from 'onnx-buf';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../scripts/training/backend.js';
import { writeWeights, readWeights } from '../../scripts/training/named-weights.js';
import { buildNetwork, networks } from '../../scripts/training/networks/index.js';
import { ChannelScale, L2Pooling, LocalResponse, UnitLength, ZeroExtend } from '../../scripts/training/networks/layers.js';
import { toOnnx } from '../../scripts/training/onnx/convert.js';
import { compare, PARITY_LIMIT } from '../../scripts/training/onnx/parity.js';
import { createRandom } from '../../scripts/training/random.js';
import { trainingSchema } from '../../scripts/training/settings.js';
import { createTraining } from '../../scripts/training/training.js';
import { syntheticCrops } from './synthetic-crops.js';

beforeAll(async () => {
  await startBackend('wasm');
});

const description = { name: 'test', producerVersion: '0', metadata: { origin: 'a test' } };

function images(count: number, size: number, channels = 3): tf.Tensor4D {
  return tf.randomUniform<tf.Rank.R4>([count, size, size, channels], -1, 1, 'float32', 3);
}

/** Weights as after training: batch normalisation with means, variances, scales and shifts that are not 0 and 1. */
function unsettle(model: tf.LayersModel): tf.LayersModel {
  const random = createRandom(3);
  const weights = [...readWeights(model)].map(([name, { shape, values }]) => {
    const changed = /kernel$/.test(name)
      ? values
      : values.map(() => (/(variance|gamma|weight)$/.test(name) ? 0.5 + random.next() : random.normal() * 0.2));
    return [name, { shape, values: changed }] as const;
  });
  writeWeights(model, new Map(weights));
  return model;
}

describe.each(Object.values(networks).map((network) => [network.name, network] as const))('%s as ONNX', (_name, network) => {
  it('agrees with TensorFlow.js to 1e-4, one picture at a time and several', async () => {
    const model = unsettle(buildNetwork(network, { seed: 2 }));
    const onnx = toOnnx(model, description);
    for (const count of [1, 3]) {
      const parity = await compare(model, onnx, images(count, network.inputPx));
      expect(parity.inputs).toBe(count);
      expect(parity.unit).toBeLessThan(PARITY_LIMIT);
    }
  });

  it('takes [N, 3, H, W], says its opset and metadata, and has no batch normalisation left', () => {
    const onnx = fromBinary(ModelProtoSchema, toOnnx(buildNetwork(network, {}), description));
    const { inputPx, embeddingSize } = network;
    const shapeOf = (value: NonNullable<typeof onnx.graph>['input'][number]) =>
      value.type?.value.case === 'tensorType'
        ? value.type.value.value.shape?.dim.map(({ value: length }) => length.value)
        : undefined;
    expect(onnx.graph?.input.map(shapeOf)).toEqual([['N', 3n, BigInt(inputPx), BigInt(inputPx)]]);
    expect(onnx.graph?.output.map(shapeOf)).toEqual([['N', BigInt(embeddingSize)]]);
    expect(onnx.opsetImport).toMatchObject([{ domain: '', version: 17n }]);
    expect(onnx.metadataProps).toMatchObject([{ key: 'origin', value: 'a test' }]);
    const operators = new Set(onnx.graph?.node.map((node) => node.opType));
    for (const operator of ['BatchNormalization', 'Mul', 'Dropout']) expect(operators).not.toContain(operator);
  });
});

describe('nn4.small2 after a few steps of training', () => {
  it('agrees with TensorFlow.js to 1e-4', async () => {
    const settings = trainingSchema.parse({ network: 'facenet', inputPx: 96, peoplePerBatch: 2, photographsEach: 2 });
    const training = createTraining(settings, syntheticCrops(2, 2, 96));
    const before = readWeights(training.model).get('conv1/kernel')?.values;
    for (let step = 0; step < 3; step++) expect(Number.isFinite(training.trainStep().loss)).toBe(true);
    expect(readWeights(training.model).get('conv1/kernel')?.values).not.toEqual(before);
    const parity = await compare(training.model, toOnnx(training.model, description), images(2, 96));
    expect(parity.unit).toBeLessThan(PARITY_LIMIT);
  });
});

type Build = (x: tf.SymbolicTensor) => tf.SymbolicTensor;

/** A model of one picture of 9x9 pixels with 4 channels, ending in a vector. */
function modelOf(build: Build): tf.LayersModel {
  const input = tf.input({ shape: [9, 9, 4] });
  const values = build(input);
  const vector = values.shape.length > 2 ? apply(tf.layers.flatten(), values) : values;
  return unsettle(tf.model({ inputs: input, outputs: vector }));
}

const apply = (layer: tf.layers.Layer, ...inputs: tf.SymbolicTensor[]) =>
  layer.apply(inputs.length === 1 ? inputs[0] : inputs) as tf.SymbolicTensor;
const conv = (config: Partial<Parameters<typeof tf.layers.conv2d>[0]> = {}) =>
  tf.layers.conv2d({ filters: 5, kernelSize: 3, ...config });
const batchNorm = () => tf.layers.batchNormalization({ epsilon: 1e-3 });

const layers: Record<string, Build> = {
  'a convolution with same padding': (x) => apply(conv({ padding: 'same' }), x),
  'a convolution with same padding, an even kernel and a stride': (x) =>
    apply(conv({ padding: 'same', kernelSize: 4, strides: 2 }), x),
  'a convolution with valid padding, a stride and an activation': (x) => apply(conv({ strides: 2, activation: 'relu' }), x),
  'a convolution without a bias and batch normalisation': (x) => apply(batchNorm(), apply(conv({ useBias: false }), x)),
  'a convolution that two layers read, one of them batch normalisation': (x) => {
    const y = apply(conv({ padding: 'same' }), x);
    return apply(tf.layers.concatenate({ axis: -1 }), apply(batchNorm(), y), y);
  },
  'a convolution with an activation, and batch normalisation behind that': (x) =>
    apply(batchNorm(), apply(conv({ activation: 'relu' }), x)),
  'zero padding before a convolution that pads too': (x) => {
    const around: [[number, number], [number, number]] = [
      [1, 2],
      [0, 3],
    ];
    return apply(conv({ padding: 'same', strides: 2 }), apply(tf.layers.zeroPadding2d({ padding: around }), x));
  },
  'batch normalisation on its own': (x) => apply(batchNorm(), x),
  'a learned scale on its own': (x) => apply(new ChannelScale({}), x),
  'uneven zero padding before a convolution': (x) =>
    apply(
      conv({ strides: 2 }),
      apply(
        tf.layers.zeroPadding2d({
          padding: [
            [0, 3],
            [2, 1],
          ],
        }),
        x,
      ),
    ),
  'zero padding that two layers read': (x) => {
    const y = apply(
      tf.layers.zeroPadding2d({
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
      x,
    );
    return apply(tf.layers.add(), apply(conv({ filters: 4, padding: 'same' }), y), y);
  },
  // Never negative, as behind ReLU: ONNX Runtime makes the padding part of the pooling, where it counts as minus infinity.
  'zero padding before max-pooling': (x) => {
    const positive = apply(tf.layers.activation({ activation: 'relu' }), x);
    const padded = apply(
      tf.layers.zeroPadding2d({
        padding: [
          [1, 1],
          [1, 1],
        ],
      }),
      positive,
    );
    return apply(tf.layers.maxPooling2d({ poolSize: 3, strides: 2 }), padded);
  },
  'max-pooling with same padding': (x) => apply(tf.layers.maxPooling2d({ poolSize: 2, padding: 'same' }), x),
  'max-pooling with same padding and overlap': (x) =>
    apply(tf.layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }), x),
  'max-pooling with valid padding': (x) => apply(tf.layers.maxPooling2d({ poolSize: 4, strides: 3 }), x),
  'average pooling with same padding': (x) => apply(tf.layers.averagePooling2d({ poolSize: 3, strides: 2, padding: 'same' }), x),
  'average pooling with valid padding': (x) => apply(tf.layers.averagePooling2d({ poolSize: 2 }), x),
  'L2 pooling': (x) => apply(new L2Pooling({}), x),
  'local response normalisation of large values': (x) => apply(new LocalResponse({}), apply(new ChannelScale({}), x)),
  'zeros for more rows, columns and channels': (x) =>
    apply(new ZeroExtend({ name: 'extend', rows: 2, columns: 1, channels: 3 }), x),
  'a sum of three': (x) => apply(tf.layers.add(), x, apply(tf.layers.activation({ activation: 'tanh' }), x), x),
  'a sigmoid': (x) => apply(tf.layers.activation({ activation: 'sigmoid' }), x),
  'the flattening of a picture, a dense layer and unit length': (x) =>
    apply(new UnitLength({}), apply(tf.layers.dense({ units: 7, activation: 'relu' }), apply(tf.layers.flatten(), x))),
  'global average pooling and a dense layer without a bias': (x) =>
    apply(tf.layers.dense({ units: 6, useBias: false }), apply(tf.layers.globalAveragePooling2d({}), x)),
};

describe('the ONNX writer', () => {
  it.each(Object.entries(layers))('writes %s', async (_name, build) => {
    const model = modelOf(build);
    const parity = await compare(model, toOnnx(model, description), images(2, 9, 4));
    expect(parity.raw).toBeLessThan(PARITY_LIMIT);
    expect(parity.unit).toBeLessThan(PARITY_LIMIT);
  });

  it('refuses a layer that it does not know, and dilation', () => {
    expect(() =>
      toOnnx(
        modelOf((x) => apply(tf.layers.upSampling2d({ size: [2, 2] }), x)),
        description,
      ),
    ).toThrow(/received up_sampling2d.* \(UpSampling2D\)/);
    expect(() =>
      toOnnx(
        modelOf((x) => apply(conv({ dilationRate: 2 }), x)),
        description,
      ),
    ).toThrow(/no dilation/);
    expect(() =>
      toOnnx(
        modelOf((x) => apply(tf.layers.activation({ activation: 'elu' }), x)),
        description,
      ),
    ).toThrow(/received "elu"/);
  });
});
