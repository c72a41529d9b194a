import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend } from '../../scripts/training/backend.js';
import { decodeCheckpoint, encodeCheckpoint } from '../../scripts/training/checkpoint.js';
import { readWeights } from '../../scripts/training/named-weights.js';
import { decodeTensors, encodeTensors } from '../../scripts/training/safetensors.js';
import { trainingSchema, type TrainingSettings } from '../../scripts/training/settings.js';
import { createTraining, type StepResult, type Training } from '../../scripts/training/training.js';
import { syntheticCrops } from './synthetic-crops.js';

beforeAll(async () => {
  await startBackend('wasm');
});

const inputPx = 12;
const crops = syntheticCrops(6, 5, inputPx);
const settings = (changes: Partial<TrainingSettings> = {}): TrainingSettings =>
  trainingSchema.parse({
    network: 'compact',
    inputPx,
    peoplePerBatch: 4,
    photographsEach: 3,
    seed: 5,
    learningRate: 0.01,
    ...changes,
  });

function steps(training: Training, count: number): StepResult[] {
  return Array.from({ length: count }, () => training.trainStep());
}

describe('training', () => {
  it('lowers the loss, and the error on people it never saw', () => {
    const strangers = syntheticCrops(4, 5, inputPx, 77);
    const training = createTraining(settings(), crops);
    const before = training.validate(strangers);
    const results = steps(training, 60);
    const mean = (from: StepResult[]) => from.reduce((sum, { loss, triplets }) => sum + loss / triplets, 0) / from.length;
    expect(mean(results.slice(-10))).toBeLessThan(mean(results.slice(0, 10)) / 2);
    expect(training.validate(strangers).eer).toBeLessThan(before.eer);
    expect(results.at(-1)).toMatchObject({ step: 60, images: 12, triplets: 12 * 2 * 9 });
  });

  it('gives the same numbers for the same seed, and others for another', () => {
    const losses = (seed: number) => steps(createTraining(settings({ seed }), crops), 5).map(({ loss }) => loss);
    expect(losses(5)).toEqual(losses(5));
    expect(losses(6)).not.toEqual(losses(5));
  });

  it('goes on from a checkpoint to the very numbers of an unbroken run', () => {
    const unbroken = createTraining(settings(), crops);
    const expected = steps(unbroken, 12);

    const first = createTraining(settings(), crops);
    steps(first, 5);
    first.validate(syntheticCrops(3, 4, inputPx, 7));
    const bytes = encodeTensors(encodeCheckpoint(first.checkpoint()));
    const checkpoint = decodeCheckpoint(decodeTensors(bytes, 'memory'), 'memory');
    const resumed = createTraining(checkpoint.settings, crops, { checkpoint });
    expect(resumed.step).toBe(5);
    expect(resumed.best).toEqual(first.best);
    expect(steps(resumed, 7)).toEqual(expected.slice(5));
    expect(readWeights(resumed.model)).toEqual(readWeights(unbroken.model));
  });

  it('stops when validation brings nothing more', () => {
    const training = createTraining(settings({ validateEvery: 2, patience: 2, learningRate: 1e-9 }), crops);
    const strangers = syntheticCrops(3, 4, inputPx, 7);
    expect(training.validate(strangers)).toMatchObject({ step: 0, isBest: true, shouldStop: false });
    steps(training, 2);
    expect(training.validate(strangers)).toMatchObject({ isBest: false, shouldStop: false });
    steps(training, 2);
    expect(training.validate(strangers)).toMatchObject({ isBest: false, shouldStop: true });
  });

  it('leaves frozen layers as they are and trains the rest', () => {
    const training = createTraining(settings({ freezeUpTo: 'conv2' }), crops);
    const before = readWeights(training.model);
    steps(training, 3);
    const after = readWeights(training.model);
    expect(after.get('conv1/kernel')).toEqual(before.get('conv1/kernel'));
    expect(after.get('conv2/bias')).toEqual(before.get('conv2/bias'));
    expect(after.get('dense/kernel')).not.toEqual(before.get('dense/kernel'));
  });

  it('freezes the means and variances of batch normalisation too', () => {
    const faces = syntheticCrops(2, 2, 96);
    const transfer = { network: 'facenet', inputPx: 96, peoplePerBatch: 2, photographsEach: 2, freezeUpTo: 'inception_5a' };
    const training = createTraining(trainingSchema.parse(transfer), faces);
    const before = readWeights(training.model);
    training.trainStep();
    const after = readWeights(training.model);
    const changed = [...after.keys()].filter((name) => JSON.stringify(after.get(name)) !== JSON.stringify(before.get(name)));
    expect(changed.filter((name) => !/^(inception_5b|dense_layer)/.test(name))).toEqual([]);
    expect(changed).toContain('inception_5b_3x3_bn1/moving_mean');
    expect(changed).toContain('dense_layer/kernel');
  });

  it('says which layers there are when asked to freeze another, and refuses to freeze them all', () => {
    expect(() => createTraining(settings({ freezeUpTo: 'conv9' }), crops)).toThrow(
      'expected one of the layers conv1, conv2, dense, received "conv9"',
    );
    expect(() => createTraining(settings({ freezeUpTo: 'dense' }), crops)).toThrow(/every layer is frozen/);
  });

  it('starts from given weights', () => {
    const trained = createTraining(settings(), crops);
    steps(trained, 3);
    const weights = readWeights(trained.model);
    expect(readWeights(createTraining(settings({ seed: 9 }), crops, { weights }).model)).toEqual(weights);
    const other = createTraining(settings({ inputPx }), crops);
    const wrong = new Map(weights).set('dense/kernel', { shape: [3, 2], values: new Float32Array(6) });
    expect(() => createTraining(other.settings, crops, { weights: wrong })).toThrow(
      'expected the weights "dense/kernel" to have the shape [64, 128], received [3, 2]',
    );
  });

  it('takes distances on the sphere, also of a network whose embeddings are longer', () => {
    const training = createTraining(
      settings({ network: 'dlib-resnet', inputPx: 112, peoplePerBatch: 2, photographsEach: 2 }),
      syntheticCrops(2, 2, 112),
    );
    const kernel = training.model.getLayer('fc').weights[0];
    // A hundred times as long: without the sphere the loss would be 10,000 times as large.
    kernel.write(tf.mul(kernel.read(), 100));
    const { loss, triplets } = training.trainStep();
    expect(loss).toBeGreaterThan(0);
    expect(loss / triplets).toBeLessThan(4.2);
  });

  it('keeps no tensors from step to step', () => {
    const training = createTraining(settings(), crops);
    steps(training, 2);
    const before = tf.memory().numTensors;
    steps(training, 3);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('checkpoints', () => {
  it('are refused when they are another file', () => {
    expect(() => decodeCheckpoint({ tensors: new Map(), metadata: { format: 'facelatch-model-1' } }, 'here')).toThrow(
      'expected a checkpoint (facelatch-checkpoint-1) at here, received facelatch-model-1',
    );
    expect(() =>
      decodeCheckpoint({ tensors: new Map(), metadata: { format: 'facelatch-checkpoint-1', state: '{}' } }, 'here'),
    ).toThrow(/received/);
  });
});
