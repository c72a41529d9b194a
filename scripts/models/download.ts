import { mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import registryFetch from 'npm-registry-fetch';
import { fault, reasonOf } from '../../src/errors.js';
import type { PackageEntry } from '../../src/inference/manifest.js';
import { integrityOf } from './integrity.js';
import { tarballUrl, type NpmOptions } from './npm-client.js';
import { megabytes, type Progress } from './progress.js';

/** Interruptions in a row, without one byte in between, after which the download gives up. */
const MAX_FRUITLESS_ATTEMPTS = 4;

export interface Download {
  readonly entry: PackageEntry;
  /** Where the tarball is written; what an earlier download left there is continued. */
  readonly path: string;
  readonly npm: NpmOptions;
  readonly progress: Progress;
  /** Before the first request after an interruption; doubles with each one that brings nothing. */
  readonly pauseMs: number;
}

/**
 * The whole tarball of a package, its integrity checked.
 * @throws FacelatchError MODEL_FETCH_FAILED; a tarball with a wrong integrity is removed, one cut short is kept for the next time
 */
export async function downloadTarball(download: Download): Promise<void> {
  const { entry, path, progress } = download;
  await mkdir(dirname(path), { recursive: true });
  const found = await sizeOf(path);
  if (found > entry.tarballBytes) await rm(path);
  const continued = found > 0 && found <= entry.tarballBytes;
  await downloadAll(download);

  let received = await integrityOf(path);
  if (received !== entry.integrity && continued) {
    progress.line(`${entry.name}: what an earlier download left was damaged; starting anew`);
    await rm(path);
    await downloadAll(download);
    received = await integrityOf(path);
  }
  if (received !== entry.integrity) {
    await rm(path);
    throw failed(entry, `a tarball with integrity ${received} where ${entry.integrity} was expected; nothing was taken from it`);
  }
}

async function downloadAll(download: Download): Promise<void> {
  const { entry, path, npm, progress, pauseMs } = download;
  let have = await sizeOf(path);
  if (have === entry.tarballBytes) return;
  const url = await tarballUrl(entry, npm);
  const shown = progress.begin(`${entry.name}@${entry.version}`, entry.tarballBytes, have);
  try {
    for (let fruitless = 0; have < entry.tarballBytes; ) {
      try {
        await continueDownload(download, url, (bytes) => shown.at(bytes));
      } catch (error) {
        if (error instanceof WrongTarball) await rm(path, { force: true });
        const grown = (await sizeOf(path)) > have;
        fruitless = grown ? 0 : fruitless + 1;
        if (isFinal(error) || fruitless >= MAX_FRUITLESS_ATTEMPTS) throw failed(entry, reasonOf(error), error);
        shown.note(`${entry.name}: ${reasonOf(error)}; continuing`);
        await delay(pauseMs * 2 ** fruitless);
      }
      have = await sizeOf(path);
    }
  } finally {
    shown.end();
  }
}

/** One request for what is still missing. Throws when it ends early. */
async function continueDownload({ entry, path, npm }: Download, url: string, onBytes: (bytes: number) => void): Promise<void> {
  let have = await sizeOf(path);
  const response = await registryFetch(url, {
    ...npm,
    spec: `${entry.name}@${entry.version}`,
    // npm's cache would keep a second copy of the tarball, and answer a request for a part with the whole.
    cache: undefined,
    // Retried here, where a retry continues instead of starting anew.
    retry: { retries: 0 },
    headers: { 'accept-encoding': 'identity', ...(have > 0 && { range: `bytes=${have}-` }) },
  });
  if (have > 0 && !(response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${have}-`))) {
    // A server that knows no ranges sends the whole.
    await rm(path);
    have = 0;
    if (response.status === 206) throw new Error('the server sent another part than the one asked for');
  }
  const announced = response.headers.get('content-length');
  if (announced !== null && have + Number(announced) !== entry.tarballBytes) {
    throw new WrongTarball(`a tarball of ${have + Number(announced)} bytes where ${entry.tarballBytes} were expected`);
  }
  const file = await open(path, 'a');
  try {
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      have += chunk.length;
      if (have > entry.tarballBytes) throw new WrongTarball(`more than the expected ${entry.tarballBytes} bytes`);
      await file.writeFile(chunk);
      onBytes(have);
    }
  } finally {
    await file.close();
  }
  if (have < entry.tarballBytes) {
    throw new Error(`the connection ended at ${megabytes(have)} of ${megabytes(entry.tarballBytes)} MB`);
  }
}

/** What the server has is not what the manifest names; a part of it is of no use. */
class WrongTarball extends Error {}

/** Whether asking again would bring the same answer. */
function isFinal(error: unknown): boolean {
  if (error instanceof WrongTarball) return true;
  const { statusCode, code } = error as { statusCode?: number; code?: string };
  return (statusCode !== undefined && statusCode < 500 && statusCode !== 429) || code === 'ENOSPC' || code === 'EACCES';
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function failed({ name, version }: PackageEntry, reason: string, cause?: unknown) {
  return fault('MODEL_FETCH_FAILED', { source: `${name}@${version}`, reason }, cause);
}
