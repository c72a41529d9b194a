import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../errors.js';
import type { ModelEntry } from './manifest.js';

/**
 * The bytes of a model, which are those that the manifest names: what was hashed is what is returned, so that no file can
 * be exchanged between the check and the load.
 * Throws MODEL_MISSING or MODEL_MISMATCH.
 */
export async function readModelFile(modelsFolder: string, entry: ModelEntry): Promise<Uint8Array> {
  const path = join(modelsFolder, entry.file);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw fault('MODEL_MISSING', { model: entry.id, path }, error);
  }
  const received = createHash('sha256').update(bytes).digest('hex');
  if (received !== entry.sha256) {
    throw fault('MODEL_MISMATCH', { model: entry.id, path, expected: entry.sha256, received });
  }
  return bytes;
}
