import { join } from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { fault, reasonOf } from '../errors.js';
import {
  createSession,
  type CreatedSession,
  type ExecutionProvider,
  type InferenceLog,
  type InferenceSettings,
} from './create-session.js';
import { readModels } from './local-models.js';
import { modelEntry, type ModelEntry } from './manifest.js';
import { readModelFile } from './model-file.js';
import { loadRuntime, type Runtime } from './runtime.js';
import { readTuning, tunedGraph } from './tuning/tuned-models.js';

export type { ExecutionProvider, InferenceLog, InferenceSettings } from './create-session.js';
export type { ModelEntry } from './manifest.js';

/** One model, loaded. */
export interface ModelSession {
  readonly entry: ModelEntry;
  /** The execution provider it was created with; single nodes may still run on the CPU (provider-report.ts). */
  readonly provider: ExecutionProvider;
  /**
   * `input`: planar float32 of the entry's input shape, times `batch`; not to be written to until the promise settles.
   * Gives the outputs by name, each of its shape times `batch`. They are new for each run and belong to the caller.
   * Throws MODEL_INPUT_INVALID when the input has another length.
   */
  run(input: Float32Array, batch?: number): Promise<Readonly<Record<string, Float32Array>>>;
  /** Frees the model's memory; safe to call twice. */
  release(): Promise<void>;
}

/**
 * Loads the model with this id, on the first execution provider that takes it.
 * Throws MANIFEST_INVALID, MODEL_UNKNOWN, MODEL_MISSING, MODEL_MISMATCH, RUNTIME_UNAVAILABLE or PROVIDER_UNAVAILABLE.
 */
export async function openModel(id: string, settings: InferenceSettings, log: InferenceLog): Promise<ModelSession> {
  const entry = modelEntry(await readModels(settings.modelsFolder), id);
  const bytes = await readModelFile(settings.modelsFolder, entry);
  const runtime = await loadRuntime();
  const { session, provider } = await quickestSession(runtime, entry, bytes, settings, log);
  const lacking = [
    ...[entry.input].filter(({ name }) => !session.inputNames.includes(name)),
    ...entry.outputs.filter(({ name }) => !session.outputNames.includes(name)),
  ];
  if (lacking.length > 0) {
    await session.release();
    const reason = `"${id}" has no input or output called ${lacking.map(({ name }) => `"${name}"`).join(', ')}`;
    throw fault('MANIFEST_INVALID', { path: join(settings.modelsFolder, 'manifest.json'), reason });
  }
  return new OrtModelSession(runtime, session, entry, provider);
}

/** As it was tuned for this machine's processor, where it runs on that; as it was shipped otherwise. */
async function quickestSession(
  runtime: Runtime,
  entry: ModelEntry,
  bytes: Uint8Array,
  settings: InferenceSettings,
  log: InferenceLog,
): Promise<CreatedSession> {
  const { tunedFolder, requireProvider, executionProviders } = settings;
  const onProcessor = (requireProvider ?? executionProviders.at(0)) === 'cpu';
  const record = tunedFolder !== undefined && onProcessor ? await readTuning(tunedFolder) : undefined;
  const threads = settings.threads === 'auto' ? (record?.threads.chosen ?? 1) : settings.threads;
  const graph = record && (await tunedGraph(tunedFolder ?? '', record, entry, log));
  if (graph) {
    try {
      return await createSession(runtime, entry, graph, { ...settings, threads }, log, { graphOptimizationLevel: 'disabled' });
    } catch (error) {
      log.warn({ model: entry.id, reason: reasonOf(error) }, 'the tuned model cannot be loaded; the shipped one is used');
    }
  }
  return createSession(runtime, entry, bytes, { ...settings, threads }, log);
}

class OrtModelSession implements ModelSession {
  readonly entry: ModelEntry;
  readonly provider: ExecutionProvider;
  readonly #runtime: Runtime;
  readonly #session: InferenceSession;
  readonly #valuesPerItem: number;
  /** The tensor around the buffer that was given last: callers fill the same buffer for every frame. */
  #fed: { readonly input: Float32Array; readonly feeds: Record<string, Tensor> } | undefined;
  #released = false;

  constructor(runtime: Runtime, session: InferenceSession, entry: ModelEntry, provider: ExecutionProvider) {
    this.#runtime = runtime;
    this.#session = session;
    this.entry = entry;
    this.provider = provider;
    this.#valuesPerItem = product(entry.input.shape);
  }

  async run(input: Float32Array, batch = 1): Promise<Readonly<Record<string, Float32Array>>> {
    const expected = this.#valuesPerItem * batch;
    if (input.length !== expected || batch < 1) {
      throw fault('MODEL_INPUT_INVALID', { model: this.entry.id, expected, received: input.length, batch });
    }
    if (batch === 1) return this.#runOne(input);

    // Every model's batch dimension is fixed to 1 in its graph, so a batch is run item by item.
    const outputs = Object.fromEntries(
      this.entry.outputs.map(({ name, shape }) => [name, new Float32Array(product(shape) * batch)]),
    );
    for (let item = 0; item < batch; item++) {
      const one = await this.#runOne(input.subarray(item * this.#valuesPerItem, (item + 1) * this.#valuesPerItem));
      for (const [name, values] of Object.entries(one)) outputs[name].set(values, item * values.length);
    }
    return outputs;
  }

  async #runOne(input: Float32Array): Promise<Record<string, Float32Array>> {
    if (this.#fed?.input !== input) {
      const tensor = new this.#runtime.Tensor('float32', input, this.entry.input.shape);
      this.#fed = { input, feeds: { [this.entry.input.name]: tensor } };
    }
    const results = await this.#session.run(this.#fed.feeds);
    const outputs: Record<string, Float32Array> = {};
    for (const { name } of this.entry.outputs) outputs[name] = results[name].data as Float32Array;
    return outputs;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    this.#fed = undefined;
    await this.#session.release();
  }
}

function product(numbers: readonly number[]): number {
  return numbers.reduce((left, right) => left * right, 1);
}
