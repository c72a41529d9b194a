import { rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fault, FacelatchError, reasonOf } from '../../src/errors.js';
import { readManifest, type Manifest } from '../../src/inference/manifest.js';
import { isIntact, keptFiles, partialFolder, type KeptFile } from './kept-files.js';
import type { NpmOptions } from './npm-client.js';
import type { Progress } from './progress.js';

export interface FetchSettings {
  readonly modelsFolder: string;
  /** A folder or a tarball to take everything from instead of the network. */
  readonly from?: string | undefined;
  /** Whether the photographs of the demo and the tests are wanted besides the models. */
  readonly photographs: boolean;
  /** The user's npm configuration; read from where npm reads it unless given. */
  readonly npm?: NpmOptions | undefined;
  /** Loaded only when there is something to tell: the check before every start must be quick. */
  readonly progress: () => Promise<Progress>;
  /** Before the first request after an interruption; doubles with each one that brings nothing. */
  readonly pauseMs?: number | undefined;
}

export interface FetchSummary {
  readonly files: readonly KeptFile[];
  readonly fetched: readonly KeptFile[];
  /** Photographs that `from` did not hold; a model that it did not hold is an error. */
  readonly missing: readonly KeptFile[];
}

/**
 * Sees to it that every file of the manifest is in its place, byte for byte. Files that are there already are left alone, and
 * when all are, nothing is asked of the network.
 * @throws FacelatchError MANIFEST_INVALID, MODEL_FETCH_FAILED
 */
export async function fetchModels(settings: FetchSettings): Promise<FetchSummary> {
  const { modelsFolder } = settings;
  const manifest = await readManifest(modelsFolder);
  const files = keptFiles(manifest, modelsFolder).filter(({ kind }) => kind === 'model' || settings.photographs);
  if ((await notIntact(files)).length === 0) return { files, fetched: [], missing: [] };

  const progress = await settings.progress();
  const { whileLocked } = await import('./fetch-lock.js');
  const onWait = (holder: string) => progress.line(`Waiting for process ${holder}, which is fetching the models.`);
  try {
    return await whileLocked(join(partialFolder(modelsFolder), 'lock'), onWait, async () => {
      const wanted = await notIntact(files);
      if (settings.from === undefined) await fromRegistry(wanted, manifest, settings, progress);
      else await fromFolder(settings.from, wanted, manifest, settings);
      const missing = await notIntact(wanted);
      return { files, fetched: wanted.filter((file) => !missing.includes(file)), missing };
    });
  } catch (error) {
    if (error instanceof FacelatchError) throw error;
    throw fault('MODEL_FETCH_FAILED', { source: `the models into ${modelsFolder}`, reason: reasonOf(error) }, error);
  } finally {
    // Stays when an interrupted download is in it, to be continued the next time.
    await rmdir(partialFolder(modelsFolder)).catch(() => undefined);
  }
}

async function notIntact(files: readonly KeptFile[]): Promise<KeptFile[]> {
  const intact = await Promise.all(files.map(isIntact));
  return files.filter((_, index) => !intact[index]);
}

async function fromRegistry(wanted: readonly KeptFile[], manifest: Manifest, settings: FetchSettings, progress: Progress): Promise<void> {
  const [{ npmOptions }, { downloadTarball }, { takeFiles }] = await Promise.all([
    import('./npm-client.js'),
    import('./download.js'),
    import('./tarball.js'),
  ]);
  const npm = settings.npm ?? (await npmOptions());
  for (const entry of manifest.packages) {
    const files = wanted.filter((file) => file.package === entry.name);
    if (files.length === 0) continue;
    const tarball = join(partialFolder(settings.modelsFolder), `${entry.name.replace('/', '-')}-${entry.version}.tgz`);
    await downloadTarball({ entry, path: tarball, npm, progress, pauseMs: settings.pauseMs ?? 500 });
    await takeFiles(tarball, files, settings.modelsFolder);
    await rm(tarball);
  }
}

async function fromFolder(from: string, wanted: readonly KeptFile[], manifest: Manifest, settings: FetchSettings): Promise<void> {
  const { takeFrom } = await import('./offline-source.js');
  const { taken, unfit } = await takeFrom(from, wanted, manifest, settings.modelsFolder);
  const missing = wanted.filter((file) => file.kind === 'model' && !taken.includes(file));
  if (missing.length === 0) return;
  const packages = manifest.packages.filter(({ name }) => missing.some((file) => file.package === name));
  const lacking = missing.map((file) => file.packageFile).join(', ');
  const need = packages.map(({ name, version }) => `${name}@${version}`).join(', ');
  const reason = [`nothing that holds ${lacking} (of ${need})`, ...unfit].join('; ');
  throw fault('MODEL_FETCH_FAILED', { source: `the models from ${from}`, reason });
}
