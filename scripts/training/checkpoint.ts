import * as z from 'zod';
import type { SamplerState } from './data/batches.js';
import type { StoredTensor, StoredTensors } from './named-weights.js';
import type { RandomState } from './random.js';
import type { TensorFile } from './safetensors.js';
import { trainingSchema, type TrainingSettings } from './settings.js';

/** The best validation so far. */
export interface Best {
  readonly step: number;
  readonly eer: number;
}

/** All that a run needs to go on as if it had never stopped. */
export interface Checkpoint {
  readonly settings: TrainingSettings;
  /** Steps done. */
  readonly step: number;
  readonly best?: Best | undefined;
  readonly augmentation: RandomState;
  readonly dropout: RandomState;
  readonly sampler: SamplerState;
  readonly weights: StoredTensors;
  readonly moments: StoredTensors;
}

const FORMAT = 'facelatch-checkpoint-1';
const randomSchema = z.tuple([z.int(), z.int(), z.int(), z.int()]);
const stateSchema = z.strictObject({
  settings: trainingSchema,
  step: z.number().int().min(0),
  best: z.strictObject({ step: z.number().int(), eer: z.number() }).optional(),
  augmentation: randomSchema,
  dropout: randomSchema,
  sampler: z.strictObject({
    random: randomSchema,
    people: z.array(z.string()),
    photographs: z.record(z.string(), z.array(z.number().int().min(0))),
  }),
});

// Tensors of the two kinds share one file.
const WEIGHTS = 'weights/';
const MOMENTS = 'adam/';

export function encodeCheckpoint({ weights, moments, ...state }: Checkpoint): TensorFile {
  const tensors = new Map<string, StoredTensor>();
  for (const [name, tensor] of weights) tensors.set(WEIGHTS + name, tensor);
  for (const [name, tensor] of moments) tensors.set(MOMENTS + name, tensor);
  return { tensors, metadata: { format: FORMAT, state: JSON.stringify(state) } };
}

/** Throws when the file is no checkpoint of this format. */
export function decodeCheckpoint({ tensors, metadata }: TensorFile, source: string): Checkpoint {
  if (metadata.format !== FORMAT) {
    throw new Error(`expected a checkpoint (${FORMAT}) at ${source}, received ${metadata.format ?? 'another file'}`);
  }
  const parsed = stateSchema.safeParse(JSON.parse(metadata.state ?? 'null'));
  if (!parsed.success) throw new Error(`expected a checkpoint at ${source}, received: ${z.prettifyError(parsed.error)}`);
  const below = (prefix: string) =>
    new Map(
      [...tensors].filter(([name]) => name.startsWith(prefix)).map(([name, tensor]) => [name.slice(prefix.length), tensor]),
    );
  return { ...parsed.data, weights: below(WEIGHTS), moments: below(MOMENTS) };
}
