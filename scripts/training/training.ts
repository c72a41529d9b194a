import * as tf from '@tensorflow/tfjs';
import { adamDefaults, createAdam } from './adam.js';
import type { Best, Checkpoint } from './checkpoint.js';
import { augment } from './data/augment.js';
import { createBatchSampler } from './data/batches.js';
import type { Crop } from './data/crops.js';
import { pairDistances } from '../../src/identity/calibration/pair-distances.js';
import { equalErrorRate } from './evaluation/metrics.js';
import { freezeUpTo } from './freeze.js';
import { embedCrops, toImages } from './images.js';
import { namedVariables, readWeights, writeWeights, type StoredTensors } from './named-weights.js';
import { buildNetwork, networkNamed } from './networks/index.js';
import { RepeatableDropout, UnitLength } from './networks/layers.js';
import { createRandom, restoreRandom } from './random.js';
import type { TrainingSettings } from './settings.js';
import { tripletLoss } from './triplet-loss.js';

export interface StepResult {
  readonly step: number;
  /** The sum over the batch, as the paper defines it. */
  readonly loss: number;
  readonly triplets: number;
  readonly active: number;
  readonly images: number;
}

export interface Validation extends Best {
  /** Lower than ever before. */
  readonly isBest: boolean;
  /** `patience` validations in a row brought nothing. */
  readonly shouldStop: boolean;
}

/** A network being trained; one step after another. */
export interface Training {
  readonly settings: TrainingSettings;
  readonly model: tf.LayersModel;
  /** Steps done. */
  readonly step: number;
  readonly best: Best | undefined;
  trainStep(): StepResult;
  /** The equal error rate on people that the network never saw. */
  validate(crops: readonly Crop[]): Validation;
  checkpoint(): Checkpoint;
}

export interface TrainingStart {
  /** Weights to start from instead of random ones. */
  readonly weights?: StoredTensors | undefined;
  /** A run to go on with. */
  readonly checkpoint?: Checkpoint | undefined;
}

/** @param crops faces to train on, with a border for the augmentation */
export function createTraining(settings: TrainingSettings, crops: readonly Crop[], start: TrainingStart = {}): Training {
  const { checkpoint } = start;
  const network = networkNamed(settings.network);
  const { inputPx } = settings;
  const weights = checkpoint?.weights ?? start.weights;
  const model = buildNetwork(network, { seed: weights ? undefined : settings.seed, inputPx });
  if (weights) writeWeights(model, weights);
  if (settings.freezeUpTo !== undefined) freezeUpTo(model, settings.freezeUpTo);

  // Three streams, so that a change of one part does not change what the others draw.
  const seeds = createRandom(settings.seed);
  const samplerStart = seeds.fork();
  const fresh = { augmentation: seeds.fork(), dropout: seeds.fork() };
  const augmentation = checkpoint ? restoreRandom(checkpoint.augmentation) : fresh.augmentation;
  const dropout = checkpoint ? restoreRandom(checkpoint.dropout) : fresh.dropout;
  for (const layer of model.layers) if (layer instanceof RepeatableDropout) layer.random = dropout;

  const people = crops.map((crop) => crop.person);
  const labels = new Map([...new Set(people)].map((person, label) => [person, label]));
  const sampler = createBatchSampler(people, settings, checkpoint?.sampler ?? samplerStart);
  // The loss is one of points on a sphere, as the door's distances are; dlib's network leaves that to whoever compares.
  const isUnit = model.outputs[0].sourceLayer instanceof UnitLength;
  const unitLength = new UnitLength({ name: 'unit_length' });
  const onSphere = (embeddings: tf.Tensor | tf.Tensor[]) => (isUnit ? embeddings : unitLength.call(embeddings));
  const variables = namedVariables(model).filter(({ trainable }) => trainable);
  if (variables.length === 0) throw new Error('expected something to train, but every layer is frozen');
  const adam = createAdam(variables, { ...adamDefaults, learningRate: settings.learningRate });
  if (checkpoint) adam.restore(checkpoint.step, checkpoint.moments);
  let best = checkpoint?.best;

  return {
    settings,
    model,
    get step() {
      return adam.steps;
    },
    get best() {
      return best;
    },

    trainStep() {
      const batch = sampler.next().map((index) => crops[index]);
      const pictures = batch.map((crop) => augment(crop, inputPx, augmentation, settings.augmentation));
      const batchLabels = batch.map((crop) => labels.get(crop.person) ?? -1);
      let counts = { triplets: 0, active: 0 };
      const loss = tf.tidy(() => {
        const images = toImages(pictures, inputPx, network.pixels);
        const { value, grads } = tf.variableGrads(
          () => {
            const embeddings = onSphere(model.apply(images, { training: true }) as tf.Tensor) as tf.Tensor2D;
            const result = tripletLoss(embeddings, batchLabels, settings.mining, settings.margin);
            counts = result;
            return result.loss;
          },
          variables.map(({ variable }) => variable),
        );
        adam.apply(grads);
        return value.dataSync()[0];
      });
      const { triplets, active } = counts;
      return { step: adam.steps, loss, triplets, active, images: batch.length };
    },

    validate(held) {
      const vectors = embedCrops(model, held, inputPx, network.pixels);
      const pairs = pairDistances(
        vectors,
        held.map((crop) => crop.person),
      );
      const { eer } = equalErrorRate(pairs);
      const step = adam.steps;
      const isBest = best === undefined || eer < best.eer;
      if (isBest) best = { step, eer };
      const since = step - (best?.step ?? step);
      return { step, eer, isBest, shouldStop: since >= settings.patience * settings.validateEvery };
    },

    checkpoint: () => ({
      settings,
      step: adam.steps,
      best,
      augmentation: augmentation.state,
      dropout: dropout.state,
      sampler: sampler.state,
      weights: readWeights(model),
      moments: adam.state(),
    }),
  };
}
