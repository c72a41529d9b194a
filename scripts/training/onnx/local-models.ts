import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LOCAL_MODELS, readManifest, readModels, type ModelEntry } from '../../../src/inference/manifest.js';
import { writeWhole } from '../safetensors.js';

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
  const path = join(modelsFolder, LOCAL_MODELS);
  const before = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as { models: ModelEntry[] }).models : [];
  const models = [...before.filter((model) => model.id !== entry.id), entry];
  // The file first: an entry without its file would be refused, a file without an entry is no harm.
  await writeWhole(join(modelsFolder, entry.file), bytes);
  await writeWhole(path, `${JSON.stringify({ format: 1, models }, undefined, 2)}\n`);
  // Says what is wrong now, and not when a door is started.
  await readModels(modelsFolder);
}
