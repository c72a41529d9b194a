import type * as tf from '@tensorflow/tfjs';
import * as z from 'zod';
import { readWeights, writeWeights } from './named-weights.js';
import { buildNetwork, networkNamed } from './networks/index.js';
import type { Network } from './networks/network.js';
import { readTensors, writeTensors } from './safetensors.js';

const FORMAT = 'facelatch-model-1';

const metadataSchema = z.object({
  format: z.literal(FORMAT),
  network: z.string(),
  inputPx: z.coerce.number().int().positive(),
  /** How the weights came about, for people to read. */
  origin: z.string(),
});

/** A network with weights. */
export interface TrainedModel {
  readonly network: Network;
  readonly inputPx: number;
  readonly model: tf.LayersModel;
  readonly origin: string;
}

export async function writeModel(path: string, { network, inputPx, model, origin }: TrainedModel): Promise<void> {
  const metadata = { format: FORMAT, network: network.name, inputPx: String(inputPx), origin };
  await writeTensors(path, { tensors: readWeights(model), metadata });
}

/** Throws when the file is no model, or its weights do not fit its network. */
export async function readModel(path: string): Promise<TrainedModel> {
  const { tensors, metadata } = await readTensors(path);
  const parsed = metadataSchema.safeParse(metadata);
  if (!parsed.success) throw new Error(`expected a model (${FORMAT}) at ${path}, received: ${z.prettifyError(parsed.error)}`);
  const { inputPx, origin } = parsed.data;
  const network = networkNamed(parsed.data.network);
  const model = buildNetwork(network, { inputPx });
  writeWeights(model, tensors);
  return { network, inputPx, model, origin };
}
