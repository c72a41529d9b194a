import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fault } from '../../src/errors.js';
import type { Manifest } from '../../src/inference/manifest.js';

/** A file that the manifest names, and where it belongs. */
export interface KeptFile {
  readonly kind: 'model' | 'photograph';
  readonly package: string;
  readonly packageFile: string;
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** Where downloads and files that are being written stand; on the same file system as the models, so that a rename is atomic. */
export function partialFolder(modelsFolder: string): string {
  return join(modelsFolder, '.partial');
}

/** Every file that the manifest names, the models first. */
export function keptFiles(manifest: Manifest, modelsFolder: string): KeptFile[] {
  return [
    ...manifest.models.map((entry) => ({ ...entry, kind: 'model' as const, path: join(modelsFolder, entry.file) })),
    ...manifest.photographs.map((entry) => ({
      ...entry,
      kind: 'photograph' as const,
      path: join(modelsFolder, 'photographs', entry.file),
    })),
  ];
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Whether the file is in its place, byte for byte what the manifest names. */
export async function isIntact(file: KeptFile): Promise<boolean> {
  try {
    return (await stat(file.path)).size === file.bytes && sha256Of(await readFile(file.path)) === file.sha256;
  } catch {
    return false;
  }
}

/**
 * Puts these bytes into the file's place, if they are what the manifest names: whole and on the disk, or not at all.
 * @param source what a person would call where the bytes come from
 * @throws FacelatchError MODEL_FETCH_FAILED
 */
export async function place(file: KeptFile, bytes: Uint8Array, source: string, modelsFolder: string): Promise<void> {
  const received = sha256Of(bytes);
  if (received !== file.sha256) {
    const reason = `${bytes.length} bytes with SHA-256 ${received} where ${file.bytes} bytes with ${file.sha256} were expected`;
    throw fault('MODEL_FETCH_FAILED', { source: `${file.packageFile} from ${source}`, reason });
  }
  const temporary = join(partialFolder(modelsFolder), `${file.sha256}.${process.pid}`);
  await mkdir(dirname(temporary), { recursive: true });
  await mkdir(dirname(file.path), { recursive: true });
  try {
    const handle = await open(temporary, 'w');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file.path);
    await syncFolder(dirname(file.path));
  } finally {
    await rm(temporary, { force: true });
  }
}

/** A rename is on the disk only when its folder is. */
async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
