import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { arch, cpus, homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { reasonOf } from '../../errors.js';
import type { InferenceLog } from '../create-session.js';
import type { ModelEntry } from '../manifest.js';
import { runtimeVersion } from '../runtime.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const milliseconds = z.number().nonnegative();

const recordSchema = z.strictObject({
  format: z.literal(1),
  /** A graph in the runtime's own layout is good for this processor and this release only. */
  machine: z.strictObject({ processor: z.string(), architecture: z.string(), runtime: z.string() }),
  tunedAt: z.iso.datetime(),
  /** What one pass of all models took with so many threads: wall clock and processor time. */
  threads: z.strictObject({
    chosen: z.int().min(1),
    measured: z.array(z.strictObject({ threads: z.int().min(1), wallMs: milliseconds, cpuMs: milliseconds })),
  }),
  models: z.record(
    z.string(),
    z.strictObject({
      /** SHA-256 of the model that it was made from. */
      source: sha256,
      variant: z.string(),
      file: z.string().regex(/^[a-z0-9][a-z0-9.-]*$/),
      sha256,
      /** Median of one run, one thread, by variant. */
      medianMs: z.record(z.string(), milliseconds),
    }),
  ),
});

/** What `facelatch tune` found on this machine. */
export type TuningRecord = z.output<typeof recordSchema>;

const RECORD = 'tuned.json';

/** A cache, for every door on the machine: the service manager's where there is one, otherwise the user's. */
export function defaultTunedFolder(env: NodeJS.ProcessEnv = process.env): string {
  const service = env['CACHE_DIRECTORY']?.split(':')[0];
  return service ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'facelatch');
}

export const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The machine as far as a tuned graph depends on it. */
export function thisMachine(): TuningRecord['machine'] {
  return {
    processor: cpus().at(0)?.model ?? 'unknown',
    architecture: arch(),
    runtime: runtimeVersion(),
  };
}

/** The record in a folder; undefined where there is none, or one of another machine, runtime or format. */
export async function readTuning(folder: string): Promise<TuningRecord | undefined> {
  try {
    const record = recordSchema.parse(JSON.parse(await readFile(join(folder, RECORD), 'utf8')), { jitless: true });
    return JSON.stringify(record.machine) === JSON.stringify(thisMachine()) ? record : undefined;
  } catch {
    // A record is made anew in seconds; without one the models run as they were shipped.
    return undefined;
  }
}

/** Puts the record and its files into the folder, the record last: it never names a file that is not there. */
export async function writeTuning(folder: string, record: TuningRecord, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [name, bytes] of files) await replaceFile(join(folder, name), bytes);
  await replaceFile(join(folder, RECORD), `${JSON.stringify(record, undefined, 2)}\n`);
}

async function replaceFile(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}

/** The tuned graph of a model, its hash checked; undefined where there is none for these very bytes. */
export async function tunedGraph(
  folder: string,
  record: TuningRecord | undefined,
  entry: ModelEntry,
  log: InferenceLog,
): Promise<Uint8Array | undefined> {
  const tuned = new Map(Object.entries(record?.models ?? {})).get(entry.id);
  if (tuned?.source !== entry.sha256) return undefined;
  try {
    const bytes = await readFile(join(folder, tuned.file));
    if (sha256Of(bytes) === tuned.sha256) return bytes;
    log.warn({ model: entry.id, file: tuned.file }, 'the tuned model is not the one that was measured; the shipped one is used');
  } catch (error) {
    log.warn({ model: entry.id, reason: reasonOf(error) }, 'the tuned model cannot be read; the shipped one is used');
  }
  return undefined;
}
