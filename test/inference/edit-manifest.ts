import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultModelsFolder, type Manifest } from '../../src/inference/manifest.js';

type Writable<T> = T extends readonly (infer U)[]
  ? Writable<U>[]
  : T extends object
    ? { -readonly [K in keyof T]: Writable<T[K]> }
    : T;

export type EditableManifest = Writable<Manifest>;

/** The manifest of one folder (the shipped one unless said), edited and written into another. */
export async function editManifest(
  to: string,
  edit: (manifest: EditableManifest) => unknown,
  from = defaultModelsFolder(),
): Promise<void> {
  const manifest = JSON.parse(await readFile(join(from, 'manifest.json'), 'utf8')) as EditableManifest;
  edit(manifest);
  await writeFile(join(to, 'manifest.json'), JSON.stringify(manifest));
}
