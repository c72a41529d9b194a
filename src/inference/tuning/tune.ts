import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-node';
import { sessionOptions, type InferenceSettings } from '../create-session.js';
import { readModels } from '../local-models.js';
import { modelEntry, type ModelEntry } from '../manifest.js';
import { readModelFile } from '../model-file.js';
import { loadRuntime, type Runtime } from '../runtime.js';
import { readTuning, sha256Of, thisMachine, writeTuning, type TuningRecord } from './tuned-models.js';

const WARM_UP = 3;
const ROUNDS = 21;
/** A variant must be so much quicker than the model as it was shipped to take its place. */
const WORTH_WHILE = 0.95;
/** Every output of a variant lies so near to the shipped model's, against the largest of them. */
const TOLERANCE = 1e-3;
/** More threads must bring at least this, and may cost at most that much more processor time: a door's board has other work. */
const LESS_WALL = 0.8;
const MORE_CPU = 1.3;

const SHIPPED = 'as shipped';

interface Variant {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Measures on this machine which form of each model is the quickest, and with how many threads; keeps the result in a folder.
 * A form counts only if its outputs agree with the shipped model's. Takes some seconds; nothing else should run meanwhile.
 *
 * Throws what openModel throws, and the file system's errors.
 */
export async function tune(
  ids: readonly string[],
  settings: InferenceSettings,
  folder: string,
  say: (line: string) => void = () => undefined,
): Promise<TuningRecord> {
  const runtime = await loadRuntime();
  const entries = await readModels(settings.modelsFolder);
  const models: TuningRecord['models'] = {};
  const files = new Map<string, Uint8Array>();
  const chosen: { entry: ModelEntry; graph: Uint8Array }[] = [];
  for (const id of ids) {
    const entry = modelEntry(entries, id);
    const shipped = await readModelFile(settings.modelsFolder, entry);
    const { variant, medianMs } = await quickest(runtime, entry, shipped);
    const graph = await optimisedGraph(runtime, variant.bytes);
    const file = `${id}.onnx`;
    models[id] = { source: entry.sha256, variant: variant.name, file, sha256: sha256Of(graph), medianMs };
    files.set(file, graph);
    chosen.push({ entry, graph });
    const all = Object.entries(medianMs).map(([name, ms]) => `${name} ${ms.toFixed(2)} ms`);
    say(`${id}: ${variant.name} (${all.join(', ')})`);
  }
  const threads = await threadsFor(runtime, chosen);
  say(`threads: ${threads.chosen} (${threads.measured.map(sayThreads).join('; ')})`);
  const record = {
    format: 1 as const,
    machine: thisMachine(),
    tunedAt: new Date().toISOString(),
    threads,
    // Another door here may have another encoder.
    models: { ...(await readTuning(folder))?.models, ...models },
  };
  await writeTuning(folder, record, files);
  return record;
}

/** Whether these models were tuned on this machine, and not been changed since. Throws what openModel throws of the manifest. */
export async function isTuned(ids: readonly string[], settings: InferenceSettings, folder: string): Promise<boolean> {
  const record = await readTuning(folder);
  const entries = await readModels(settings.modelsFolder);
  const tuned = new Map(Object.entries(record?.models ?? {}));
  return ids.every((id) => tuned.get(id)?.source === modelEntry(entries, id).sha256);
}

const sayThreads = ({ threads, wallMs, cpuMs }: TuningRecord['threads']['measured'][number]) =>
  `${threads}: ${wallMs.toFixed(1)} ms, of processors ${cpuMs.toFixed(1)} ms`;

async function quickest(
  runtime: Runtime,
  entry: ModelEntry,
  shipped: Uint8Array,
): Promise<{ variant: Variant; medianMs: Record<string, number> }> {
  const variants = [{ name: SHIPPED, bytes: shipped }, ...(await rewrittenForms(shipped))];
  const open: { variant: Variant; run: () => Promise<Float32Array[]>; times: number[]; release: () => Promise<void> }[] = [];
  try {
    for (const variant of variants) {
      const session = await runtime.InferenceSession.create(variant.bytes, sessionOptions('cpu', 1));
      const run = runner(runtime, session, entry);
      if (variant.name !== SHIPPED && !agree(await open[0].run(), await run())) await session.release();
      else open.push({ variant, run, times: [], release: () => session.release() });
    }
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      // In turns: what else the machine does weighs on all of them.
      for (const { run, times } of open) {
        const start = performance.now();
        await run();
        if (round >= 0) times.push(performance.now() - start);
      }
    }
  } finally {
    for (const { release } of open) await release();
  }
  const medianMs = Object.fromEntries(open.map(({ variant, times }) => [variant.name, median(times)]));
  const best = open.reduce((least, one) => (medianMs[one.variant.name] < medianMs[least.variant.name] ? one : least));
  const worthWhile = medianMs[best.variant.name] < medianMs[SHIPPED] * WORTH_WHILE;
  return { variant: worthWhile ? best.variant : variants[0], medianMs };
}

async function rewrittenForms(shipped: Uint8Array): Promise<Variant[]> {
  // Only here: what reads and writes graphs takes 40 ms to load, and a door is tuned once.
  const { rewritePRelu } = await import('./rewrite-prelu.js');
  return (['convolution', 'maximum'] as const).flatMap((form) => {
    const bytes = rewritePRelu(shipped, form);
    return bytes ? [{ name: `PRelu as ${form}`, bytes }] : [];
  });
}

/** The graph as the runtime rearranges it at every start, so that the next one need not. */
async function optimisedGraph(runtime: Runtime, bytes: Uint8Array): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-tune-'));
  try {
    const optimizedModelFilePath = join(folder, 'graph.onnx');
    const session = await runtime.InferenceSession.create(bytes, { ...sessionOptions('cpu', 1), optimizedModelFilePath });
    await session.release();
    return await readFile(optimizedModelFilePath);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function threadsFor(
  runtime: Runtime,
  models: readonly { entry: ModelEntry; graph: Uint8Array }[],
): Promise<TuningRecord['threads']> {
  const cores = availableParallelism();
  const measured: TuningRecord['threads']['measured'] = [];
  for (const threads of [1, 2, 4].filter((count) => count <= cores)) {
    const open = await Promise.all(
      models.map(async ({ entry, graph }) => {
        const options = { ...sessionOptions('cpu', threads), graphOptimizationLevel: 'disabled' as const };
        const session = await runtime.InferenceSession.create(graph, options);
        return { session, run: runner(runtime, session, entry) };
      }),
    );
    const wall: number[] = [];
    const cpu: number[] = [];
    for (let round = -WARM_UP; round < ROUNDS; round++) {
      const start = performance.now();
      const before = process.cpuUsage();
      for (const { run } of open) await run();
      const { user, system } = process.cpuUsage(before);
      if (round < 0) continue;
      wall.push(performance.now() - start);
      cpu.push((user + system) / 1_000);
    }
    for (const { session } of open) await session.release();
    measured.push({ threads, wallMs: median(wall), cpuMs: median(cpu) });
  }
  return { chosen: threadsWorthWhile(measured), measured };
}

/** The most threads that are worth what they cost. */
export function threadsWorthWhile(measured: TuningRecord['threads']['measured']): number {
  const [one] = measured;
  const worth = measured.filter(({ wallMs, cpuMs }) => wallMs <= one.wallMs * LESS_WALL && cpuMs <= one.cpuMs * MORE_CPU);
  return worth.reduce((best, next) => (next.wallMs < best.wallMs ? next : best), one).threads;
}

/** Runs a model on one made-up picture, always the same: smooth shapes and some noise, in the range that the model expects. */
function runner(runtime: Runtime, session: InferenceSession, { input, outputs }: ModelEntry): () => Promise<Float32Array[]> {
  const [, channels, height, width] = input.shape;
  const pixels = new Float32Array(channels * height * width);
  let noise = 1;
  for (let i = 0; i < pixels.length; i++) {
    noise = (noise * 1_103_515_245 + 12_345) & 0x7fffffff;
    const channel = Math.floor(i / (height * width));
    const grey = 128 + 80 * Math.sin((i % width) / 9) * Math.cos(Math.floor(i / width) / 11) + (noise / 0x7fffffff - 0.5) * 40;
    pixels[i] = (grey - input.subtract[channel]) / input.divide[channel];
  }
  const feeds = { [input.name]: new runtime.Tensor('float32', pixels, input.shape) };
  return async () => {
    const results = await session.run(feeds);
    return outputs.map(({ name }) => results[name].data as Float32Array);
  };
}

function agree(expected: readonly Float32Array[], received: readonly Float32Array[]): boolean {
  return expected.every((values, output) => {
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return values.every((value, i) => Math.abs(value - received[output][i]) <= TOLERANCE * largest);
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
