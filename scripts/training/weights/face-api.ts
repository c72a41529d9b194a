import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import * as z from 'zod';
import type { StoredTensor, StoredTensors } from '../named-weights.js';

/** The manifest of dlib's ResNet among the models of @vladmandic/face-api. */
export const FACE_API_MANIFEST = 'face_recognition_model-weights_manifest.json';

const manifestSchema = z
  .array(
    z.object({
      paths: z.array(z.string().regex(/^[\w.-]+$/, 'expected the name of a file beside the manifest')).min(1),
      weights: z.array(
        z.object({
          name: z.string(),
          shape: z.array(z.number().int().positive()),
          dtype: z.literal('float32'),
          quantization: z.object({ dtype: z.enum(['uint8', 'uint16']), scale: z.number(), min: z.number() }).optional(),
        }),
      ),
    }),
  )
  .min(1);

type Weight = z.output<typeof manifestSchema>[number]['weights'][number];

/**
 * dlib's ResNet weights as face-api ships them: a TensorFlow.js manifest and one file of values quantised to a byte.
 * Throws when the manifest is none, or the file is not as long as it says.
 *
 * @returns the weights by the names of the network dlib-resnet
 */
export async function readFaceApiFolder(folder: string): Promise<StoredTensors> {
  const stored = new Map<string, StoredTensor>();
  for (const { paths, weights } of await readManifest(join(folder, FACE_API_MANIFEST))) {
    const bytes = Buffer.concat(await Promise.all(paths.map((path) => readFile(join(folder, path)))));
    const expected = weights.reduce((total, weight) => total + bytesOf(weight), 0);
    if (bytes.length !== expected)
      throw new Error(`expected ${paths.join(', ')} to hold ${expected} bytes, received ${bytes.length}`);
    for (const [name, tensor] of Object.entries(decode(bytes, weights))) {
      stored.set(nameHere(name), { shape: tensor.shape, values: tensor.dataSync<'float32'>().slice() });
      tensor.dispose();
    }
  }
  return stored;
}

async function readManifest(path: string): Promise<z.output<typeof manifestSchema>> {
  if (!existsSync(path)) throw new Error(`expected face-api's weights with their manifest at ${path}, found none`);
  const parsed = manifestSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
  if (!parsed.success)
    throw new Error(`expected a manifest of TensorFlow.js weights at ${path}, received: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function bytesOf({ shape, quantization }: Weight): number {
  const size = { uint8: 1, uint16: 2, float32: 4 }[quantization?.dtype ?? 'float32'];
  return shape.reduce((a, b) => a * b, size);
}

function decode(bytes: Buffer, weights: readonly Weight[]): tf.NamedTensorMap {
  const specs = weights.map(({ quantization, ...weight }) => (quantization ? { ...weight, quantization } : weight));
  return tf.io.decodeWeights(Uint8Array.from(bytes).buffer, specs);
}

/** face-api's names, such as conv32_1/conv1/conv/filters, to those of the layers here. */
function nameHere(name: string): string {
  return name
    .replace(/conv\/filters$/, 'conv/kernel')
    .replace(/scale\/weights$/, 'scale/weight')
    .replace(/scale\/biases$/, 'scale/bias')
    .replace(/^fc$/, 'fc/kernel');
}
