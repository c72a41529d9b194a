import { writeFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs';
import { configSchema } from '../../../src/config-schema.js';
import { createSession } from '../../../src/inference/create-session.js';
import type { Calibration, ModelEntry } from '../../../src/inference/manifest.js';
import type { ModelSession } from '../../../src/inference/model-session.js';
import { loadRuntime } from '../../../src/inference/runtime.js';
import { version } from '../../../src/version.js';
import { cutCrop } from '../data/crops.js';
import { readPeopleFolder } from '../../../src/identity/calibration/labelled-folder.js';
import { calibrationOf } from '../../../src/identity/calibration/calibrate.js';
import { doorEmbedder, embedFaces, type Embedder, type EmbedOptions } from '../evaluation/embed.js';
import { pairDistances } from '../../../src/identity/calibration/pair-distances.js';
import { toImages } from '../images.js';
import { scaleTemplate } from '../networks/templates.js';
import type { TrainedModel } from '../model-file.js';
import { toOnnx } from './convert.js';
import { addLocalModel, checkId, fileEntry } from '../../../src/inference/local-models.js';
import { compare, PARITY_LIMIT, type Parity } from './parity.js';

export interface ExportOptions {
  /** What the door will call it. */
  readonly id: string;
  readonly out: string;
  readonly modelsFolder: string;
  /** Photographs to calibrate by; without them the model is written, but not added to the models. */
  readonly calibrateBy?: { readonly folder: string; readonly without: readonly string[] } | undefined;
  readonly progress: Pick<EmbedOptions, 'onUnusable' | 'onProgress'>;
}

export interface Exported {
  readonly bytes: number;
  readonly parity: Parity;
  readonly calibration?: Calibration | undefined;
}

/**
 * Writes a model as ONNX, runs it in ONNX Runtime beside TensorFlow.js, calibrates it and adds it to the models.
 * Throws when the two differ by more than PARITY_LIMIT; nothing is written then.
 */
export async function exportModel(trained: TrainedModel, options: ExportOptions): Promise<Exported> {
  await checkId(options.modelsFolder, options.id);
  const { network, inputPx, model } = trained;
  const plain = toOnnx(model, describe(trained, options.id, undefined));
  let parity = await compareOrThrow(model, plain, randomImages(16, inputPx));

  let calibration: Calibration | undefined;
  if (options.calibrateBy) {
    const session = await sessionOf(entryOf(trained, options.id, plain, undefined), plain);
    const { vectors, people, images } = await facesOf(trained, session, options, options.calibrateBy);
    await session.release();
    const real = await compareOrThrow(model, plain, images);
    images.dispose();
    parity = { unit: Math.max(parity.unit, real.unit), raw: Math.max(parity.raw, real.raw), inputs: parity.inputs + real.inputs };
    calibration = calibrationOf(pairDistances(vectors, people));
  }
  const onnx = toOnnx(model, describe(trained, options.id, calibration));
  await writeFile(options.out, onnx);
  if (calibration) await addLocalModel(options.modelsFolder, entryOf(trained, options.id, onnx, calibration), onnx);
  return { bytes: onnx.length, parity, calibration };

  function randomImages(count: number, size: number): tf.Tensor4D {
    const { subtract, divide } = network.pixels;
    const [low, high] = [-subtract[0] / divide[0], (255 - subtract[0]) / divide[0]];
    return tf.randomUniform([count, size, size, 3], low, high, 'float32', 1);
  }
}

async function compareOrThrow(model: tf.LayersModel, onnx: Uint8Array, images: tf.Tensor4D): Promise<Parity> {
  const parity = await compare(model, onnx, images);
  if (!(parity.unit <= PARITY_LIMIT)) {
    throw new Error(
      `expected ONNX Runtime and TensorFlow.js to agree to ${PARITY_LIMIT}, received a difference of ${parity.unit}`,
    );
  }
  return parity;
}

// Real faces for the comparison; more would only take longer.
const MOST_IMAGES = 50;

async function facesOf(
  { network, inputPx }: TrainedModel,
  session: ModelSession,
  { modelsFolder, progress }: ExportOptions,
  { folder, without }: NonNullable<ExportOptions['calibrateBy']>,
) {
  const photographs = (await readPeopleFolder(folder)).filter(({ person }) => !without.includes(person));
  const pictures: Float32Array[] = [];
  const encoder = doorEmbedder(session);
  const template = scaleTemplate(network.template, inputPx);
  const watched: Embedder = {
    name: encoder.name,
    embed(found) {
      if (pictures.length < MOST_IMAGES) pictures.push(Float32Array.from(cutCrop(found, template, inputPx, 0).planes));
      return encoder.embed(found);
    },
  };
  const embedded = await embedFaces(photographs, [watched], { modelsFolder, ...progress });
  return {
    vectors: embedded.map(({ vectors }) => vectors[encoder.name]),
    people: embedded.map(({ photograph }) => photograph.person),
    images: toImages(pictures, inputPx, network.pixels),
  };
}

function describe({ network, inputPx, origin }: TrainedModel, name: string, calibration: Calibration | undefined) {
  const { channels, subtract, divide } = network.pixels;
  return {
    name,
    producerVersion: version(),
    metadata: {
      network: network.name,
      origin,
      input: JSON.stringify({ sizePx: inputPx, channels, subtract, divide }),
      alignment: JSON.stringify(scaleTemplate(network.template, inputPx)),
      ...(calibration && { calibration: JSON.stringify(calibration) }),
    },
  };
}

function entryOf(
  { network, inputPx, origin }: TrainedModel,
  id: string,
  onnx: Uint8Array,
  calibration: Calibration | undefined,
): ModelEntry {
  return {
    ...fileEntry(id, onnx),
    role: 'encoder',
    // Whose weights they are: who trains or brings them knows what may be done with them.
    licence: origin,
    input: { name: 'input', shape: [1, 3, inputPx, inputPx], ...network.pixels },
    outputs: [{ name: 'embedding', shape: [1, network.embeddingSize], meaning: 'embedding, to be L2-normalised' }],
    alignment: scaleTemplate(network.template, inputPx),
    ...(calibration && { calibration }),
  };
}

const silent = { info: () => undefined, warn: () => undefined };

/** A session of a model that is no file yet. */
async function sessionOf(entry: ModelEntry, bytes: Uint8Array): Promise<ModelSession> {
  const runtime = await loadRuntime();
  const { inference } = configSchema.parse({});
  const settings = { executionProviders: inference.executionProviders, threads: inference.threads, modelsFolder: '' };
  const { session, provider } = await createSession(runtime, entry, bytes, settings, silent);
  const [output] = entry.outputs;
  return {
    entry,
    provider,
    async run(input) {
      const results = await session.run({ [entry.input.name]: new runtime.Tensor('float32', input, entry.input.shape) });
      return { [output.name]: results[output.name].data as Float32Array };
    },
    release: () => session.release(),
  };
}
