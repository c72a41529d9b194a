import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { fault } from '../errors.js';
import { writeWhole } from '../write-whole.js';
import {
  calibrationSchema,
  localModelSchema,
  readEntries,
  readManifest,
  type Calibration,
  type DeepReadonly,
  type ModelEntry,
} from './manifest.js';

/** Models and calibrations that were made on this machine: a file beside the manifest that no release touches. */
export const LOCAL_MODELS = 'local.json';

const schema = z.strictObject({
  format: z.literal(1),
  /** By "npm run export". */
  models: z.array(localModelSchema).default([]),
  /** By "facelatch calibrate", of any encoder: they take the place of what its own entry says. */
  calibrations: z
    .array(
      z.strictObject({
        model: z.string().min(1),
        /** Of the model's file: the distances of another file are others. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        measuredAt: z.iso.datetime(),
        people: z.number().int().min(2),
        photographs: z.number().int().min(2),
        /** Whoever calibrated wanted it although it lets more in than the entry's own. */
        laxer: z.boolean(),
        calibration: calibrationSchema,
      }),
    )
    .default([]),
});

type Local = DeepReadonly<z.output<typeof schema>>;
export type LocalCalibration = Local['calibrations'][number];

/** An encoder as it came, and what was measured of it here. */
export interface CalibratedModel {
  readonly shipped: ModelEntry;
  /** Absent where nothing was measured, or only of another file of this name. */
  readonly here?: LocalCalibration | undefined;
  /** As the door uses it. */
  readonly inForce: ModelEntry;
}

/**
 * The models of the manifest, and behind them those that were made on this machine, calibrated as they were here.
 * Throws MANIFEST_INVALID as readManifest does, and when a local model bears the id or the file of one of the manifest.
 */
export async function readModels(modelsFolder: string): Promise<readonly ModelEntry[]> {
  return (await readCalibratedModels(modelsFolder)).map(({ inForce }) => inForce);
}

/** As {@link readModels}, with what each calibration was before. */
export async function readCalibratedModels(modelsFolder: string): Promise<readonly CalibratedModel[]> {
  const { models } = await readManifest(modelsFolder);
  const { models: local, calibrations } = await readLocal(modelsFolder);
  const taken = local.find((entry) => models.some(({ id, file }) => id === entry.id || file === entry.file));
  if (taken) {
    const reason = `"${taken.id}" (${taken.file}) is a model of manifest.json`;
    throw fault('MANIFEST_INVALID', { path: join(modelsFolder, LOCAL_MODELS), reason });
  }
  return [...models, ...local].map((shipped) => {
    const here = calibrations.find(({ model, sha256 }) => model === shipped.id && sha256 === shipped.sha256);
    const counts = here && shipped.calibration && (here.laxer || !isLaxer(here.calibration, shipped.calibration));
    return { shipped, here, inForce: counts ? { ...shipped, calibration: here.calibration } : shipped };
  });
}

/** Whether the first takes pairs for one person that the second does not. */
export function isLaxer({ operatingPoint: a }: Calibration, { operatingPoint: b }: Calibration): boolean {
  return a.rawDistance / a.faceNetDistance > b.rawDistance / b.faceNetDistance;
}

/** What the manifest says of a file. */
export function fileEntry(id: string, bytes: Uint8Array): Pick<ModelEntry, 'id' | 'file' | 'bytes' | 'sha256'> {
  return { id, file: `${id}.onnx`, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Throws when the id is no id, or is that of a model of the manifest. */
export async function checkId(modelsFolder: string, id: string): Promise<void> {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(id)) throw new Error(`expected a name of a-z, 0-9 and "-", received "${id}"`);
  const { models } = await readManifest(modelsFolder);
  if (models.some((model) => model.id === id))
    throw new Error(`expected a name that no model of the manifest has, received "${id}"`);
}

/** Puts a model into the models folder, so that the door can use it by its id; another one of that id is replaced. */
export async function addLocalModel(modelsFolder: string, entry: ModelEntry, bytes: Uint8Array): Promise<void> {
  await checkId(modelsFolder, entry.id);
  const { models, calibrations } = await readLocal(modelsFolder);
  // The file first: an entry without its file would be refused, a file without an entry is no harm.
  await writeWhole(join(modelsFolder, entry.file), bytes);
  await writeLocal(modelsFolder, {
    models: [...models.filter(({ id }) => id !== entry.id), entry],
    calibrations: calibrations.filter(({ model }) => model !== entry.id),
  });
}

/** Puts a calibration in the place of the one that this encoder came with; undefined gives that one back. */
export async function keepCalibration(
  modelsFolder: string,
  modelId: string,
  calibration: LocalCalibration | undefined,
): Promise<void> {
  const { models, calibrations } = await readLocal(modelsFolder);
  const others = calibrations.filter(({ model }) => model !== modelId);
  await writeLocal(modelsFolder, { models, calibrations: calibration ? [...others, calibration] : others });
}

async function readLocal(modelsFolder: string): Promise<Local> {
  const path = join(modelsFolder, LOCAL_MODELS);
  return existsSync(path) ? readEntries(path, schema) : { format: 1, models: [], calibrations: [] };
}

async function writeLocal(modelsFolder: string, content: Omit<Local, 'format'>): Promise<void> {
  await writeWhole(join(modelsFolder, LOCAL_MODELS), `${JSON.stringify({ format: 1, ...content }, undefined, 2)}\n`);
  // Says what is wrong now, and not when a door is started.
  await readModels(modelsFolder);
}
