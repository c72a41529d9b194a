import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession, type CreatedSession, type InferenceLog, type InferenceSettings } from './create-session.js';
import { readModels } from './local-models.js';
import { modelEntry } from './manifest.js';
import { readModelFile } from './model-file.js';
import { loadRuntime } from './runtime.js';

/** Where a model really runs. */
export interface ProviderReport {
  readonly model: string;
  /** What its session was created with. */
  readonly provider: CreatedSession['provider'];
  /** How many nodes of its graph ran on which provider, by ONNX Runtime's names such as CPUExecutionProvider. */
  readonly nodes: Readonly<Record<string, number>>;
  /** The providers that were tried before, and why each was not used. */
  readonly refused: CreatedSession['refused'];
}

/**
 * Runs the model once, profiled, and counts its nodes by provider: a session on a GPU may leave nodes to the CPU, and nothing
 * but the profile says so. Throws what openModel throws.
 */
export async function reportProviders(id: string, settings: InferenceSettings, log: InferenceLog): Promise<ProviderReport> {
  const entry = modelEntry(await readModels(settings.modelsFolder), id);
  const bytes = await readModelFile(settings.modelsFolder, entry);
  const runtime = await loadRuntime();
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-profile-'));
  try {
    const profiling = { enableProfiling: true, profileFilePrefix: join(folder, 'profile') };
    const { session, provider, refused } = await createSession(runtime, entry, bytes, settings, log, profiling);
    const { name, shape } = entry.input;
    const zeros = new Float32Array(shape.reduce((left, right) => left * right, 1));
    await session.run({ [name]: new runtime.Tensor('float32', zeros, shape) });
    session.endProfiling();
    await session.release();
    // A provider that was refused may have left an empty profile of its own: the newest is of the session that ran.
    const newest = (await readdir(folder)).sort().at(-1) ?? '';
    return { model: id, provider, refused, nodes: countNodes(await readFile(join(folder, newest), 'utf8')) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nodes by provider in a profile of ONNX Runtime (Chrome's trace event format). */
export function countNodes(profile: string): Record<string, number> {
  const events = JSON.parse(profile) as { cat?: string; args?: { provider?: string } }[];
  const nodes: Record<string, number> = {};
  for (const { cat, args } of events) {
    if (cat === 'Node' && args?.provider !== undefined) nodes[args.provider] = (nodes[args.provider] ?? 0) + 1;
  }
  return nodes;
}

/** The providers that this build of ONNX Runtime knows; those that are not bundled need libraries beside it. */
export async function listSupportedBackends(): Promise<readonly { readonly name: string; readonly bundled: boolean }[]> {
  return (await loadRuntime()).listSupportedBackends();
}
