import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../scripts/training/backend.js';
import { buildNetwork, networkNamed } from '../../scripts/training/networks/index.js';
import { toOnnx } from '../../scripts/training/onnx/convert.js';
import { compare, PARITY_LIMIT } from '../../scripts/training/onnx/parity.js';
import { createRandom } from '../../scripts/training/random.js';
import { loadModel } from '../../scripts/training/weights/load-model.js';
import { openFaceFiles } from '../../scripts/training/weights/openface-csv.js';

let folder: string;

beforeAll(async () => {
  await startBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('OpenFace’s CSV files', () => {
  let csv: string;
  const given = new Map<string, Float32Array>();

  beforeAll(async () => {
    csv = join(folder, 'openface');
    await mkdir(csv);
    const random = createRandom(1);
    for (const { file, fileShape } of openFaceFiles(buildNetwork(networkNamed('facenet'), {}))) {
      const count = fileShape.reduce((a, b) => a * b, 1);
      const fanIn = count / fileShape[0];
      const values = Float32Array.from({ length: count }, () =>
        file.endsWith('_v.csv') ? 0.5 + random.next() : random.normal() / Math.sqrt(Math.max(1, fanIn)),
      );
      given.set(file, values);
      // One row for each filter, as they were published.
      const rows = Array.from({ length: fileShape[0] }, (_, row) => values.subarray(row * fanIn, (row + 1) * fanIn).join(','));
      await writeFile(join(csv, file), `${rows.join('\n')}\n`);
    }
  });

  it('are as many, with the names and shapes, as were published', () => {
    const files = openFaceFiles(buildNetwork(networkNamed('facenet'), {}));
    // 37 convolutions with two files each, 37 batch normalisations with four, and the dense layer.
    expect(files).toHaveLength(37 * 2 + 37 * 4 + 2);
    const shapes = Object.fromEntries(files.map(({ file, fileShape }) => [file, fileShape]));
    expect(shapes).toMatchObject({
      'conv1_w.csv': [64, 3, 7, 7],
      'conv3_w.csv': [192, 64, 3, 3],
      'bn3_m.csv': [192],
      'inception_3a_1x1_conv_w.csv': [64, 192, 1, 1],
      'inception_3b_5x5_conv2_w.csv': [64, 32, 5, 5],
      'inception_4e_3x3_conv2_w.csv': [256, 160, 3, 3],
      'inception_5b_pool_conv_b.csv': [96],
      'inception_5b_1x1_bn_v.csv': [256],
      'dense_w.csv': [128, 736],
      'dense_b.csv': [128],
    });
  });

  it('are read in Torch’s order, and the network is exported with them', async () => {
    const { model, network } = await loadModel(csv);
    expect(network.name).toBe('facenet');
    const kernel = model.getLayer('conv1').weights[0].read().arraySync() as number[][][][];
    // Filter 5, channel 2, row 3, column 6 of [64, 3, 7, 7].
    expect(kernel[3][6][2][5]).toBeCloseTo(given.get('conv1_w.csv')![((5 * 3 + 2) * 7 + 3) * 7 + 6], 6);
    const dense = model.getLayer('dense_layer').weights[0].read().arraySync() as number[][];
    expect(dense[700][9]).toBeCloseTo(given.get('dense_w.csv')![9 * 736 + 700], 6);
    const onnx = toOnnx(model, { name: 'nn4.small2', producerVersion: '0', metadata: {} });
    const images = tf.randomUniform<tf.Rank.R4>([2, 96, 96, 3], 0, 1, 'float32', 4);
    expect((await compare(model, onnx, images)).unit).toBeLessThan(PARITY_LIMIT);
  });

  it('are refused by the name of the first that is missing, too short or no number', async () => {
    const file = 'inception_3a_1x1_conv_w.csv';
    const path = join(csv, file);
    const whole = [...given.get(file)!];
    const wanted = 'expected inception_3a_1x1_conv_w.csv to hold 12288 numbers (64 x 192 x 1 x 1)';
    await rm(path);
    await expect(loadModel(csv)).rejects.toThrow(`${wanted}, found no file`);
    await writeFile(path, whole.slice(1).join(','));
    await expect(loadModel(csv)).rejects.toThrow(`${wanted}, received 12287`);
    await writeFile(path, [...whole.slice(1), 'nan'].join(','));
    await expect(loadModel(csv)).rejects.toThrow(`${wanted}, received "nan" as number 12288`);
    await writeFile(path, `${whole.join(',')},1`);
    await expect(loadModel(csv)).rejects.toThrow(`${wanted}, received 12289`);
  });
});

describe('dlib’s ResNet as face-api ships it', () => {
  const packageFolder = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json'));
  // What is used of face-api here; its own types drag in another copy of TensorFlow.js.
  interface FaceApi {
    readonly tf: typeof tf;
    readonly nets: {
      readonly faceRecognitionNet: {
        loadFromDisk(folder: string): Promise<void>;
        computeFaceDescriptor(image: tf.Tensor3D): Promise<Float32Array>;
      };
    };
  }

  it('gives face-api’s own descriptors, in TensorFlow.js and as ONNX', async () => {
    const { model, network } = await loadModel('dlib-resnet');
    const faceApi = (await import(join(packageFolder, 'dist/face-api.node-wasm.js'))) as { default: FaceApi };
    const theirs = faceApi.default;
    await theirs.tf.setBackend('wasm');
    await theirs.nets.faceRecognitionNet.loadFromDisk(join(packageFolder, 'model'));
    const picture = tf.randomUniform<tf.Rank.R3>([150, 150, 3], 0, 255, 'float32', 3);
    const expected = await theirs.nets.faceRecognitionNet.computeFaceDescriptor(
      theirs.tf.tensor3d(picture.dataSync(), [150, 150, 3]),
    );

    const { subtract, divide } = network.pixels;
    const image = tf.tidy(() => tf.reshape<tf.Rank.R4>(tf.div(tf.sub(picture, [...subtract]), [...divide]), [1, 150, 150, 3]));
    const ours = (model.predict(image) as tf.Tensor).dataSync();
    const differences = [...ours].map((value, i) => Math.abs(value - expected[i]));
    expect(Math.max(...differences)).toBeLessThan(1e-3);
    expect(expected).toHaveLength(128);

    const { raw } = await compare(model, toOnnx(model, { name: 'dlib-resnet', producerVersion: '0', metadata: {} }), image);
    expect(raw).toBeLessThan(1e-3);
  });

  it('is refused with a file of another length', async () => {
    const copy = join(folder, 'face-api');
    await cp(join(packageFolder, 'model'), copy, { recursive: true });
    await writeFile(join(copy, 'face_recognition_model.bin'), Buffer.alloc(10));
    await expect(loadModel(copy)).rejects.toThrow(/expected face_recognition_model.bin to hold \d+ bytes, received 10/);
  });
});

it('says that there is no model where there is none', async () => {
  await expect(loadModel(join(folder, 'nothing'))).rejects.toThrow(/expected a model at .*nothing, found none/);
});
