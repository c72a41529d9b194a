import * as z from 'zod';
import { adamDefaults } from './adam.js';
import { augmentationDefaults } from './data/augment.js';
import { FACENET_MARGIN } from './triplet-loss.js';
import { minings } from './triplets.js';

const share = z.number().min(0).max(1);

/** Everything that decides the numbers of a training run, with its limits and defaults. It is stored in the checkpoints. */
export const trainingSchema = z.strictObject({
  network: z.string().min(1),
  inputPx: z.number().int().min(8).max(512),
  /** SHA-256 over the names of the photographs: a run goes on with the same ones or not at all. */
  data: z.string().default(''),
  seed: z.number().int().min(0).max(0x7fffffff).default(1),
  /** P and K: a batch holds P people with K photographs each. */
  peoplePerBatch: z.number().int().min(2).max(512).default(7),
  photographsEach: z.number().int().min(2).max(64).default(4),
  mining: z.enum(minings).default('batch-all'),
  margin: z.number().positive().max(4).default(FACENET_MARGIN),
  learningRate: z.number().positive().max(1).default(adamDefaults.learningRate),
  steps: z.number().int().min(1).max(10_000_000).default(600),
  /** People kept from training: for choosing when to stop, and for the final figure that nothing was chosen by. */
  validationPeople: z.number().int().min(0).default(0),
  testPeople: z.number().int().min(0).default(3),
  /** Steps between two looks at the validation people. */
  validateEvery: z.number().int().min(1).default(100),
  /** Validations without a lower error after which training stops. */
  patience: z.number().int().min(1).default(10),
  checkpointEvery: z.number().int().min(1).default(100),
  /** This layer and all before it keep their weights. */
  freezeUpTo: z.string().min(1).optional(),
  augmentation: z
    .strictObject({
      flip: share,
      shift: share,
      scale: share,
      turnDegrees: z.number().min(0).max(45),
      brightness: z.number().min(0).max(255),
      contrast: share,
      blur: share,
      noise: z.number().min(0).max(255),
    })
    .default(augmentationDefaults),
});

export type TrainingSettings = Readonly<z.output<typeof trainingSchema>>;
