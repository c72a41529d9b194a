import { mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Link } from './audit-line.js';

/** Who went in and out when: for its owner alone. */
export const OWNER_ONLY = 0o600;
const pattern = /^audit-(\d{15})\.jsonl$/;

/** The name of the file that begins with line `seq`: names sort as their lines do. */
export const fileName = (seq: number) => `audit-${String(seq).padStart(15, '0')}.jsonl`;

/** The number of the first line of a file, by its name; undefined for other files. */
export function firstSeqOf(name: string): number | undefined {
  const digits = pattern.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The names of the log's files, the oldest first; none where there is no folder. */
export async function listFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((name) => pattern.test(name)).sort();
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

/**
 * How far the log is known to reach: without it a log whose last lines were cut off would look whole. It is written
 * after its line is durable, so it never promises too much.
 */
export async function readHead(folder: string): Promise<Link | 'missing' | 'damaged'> {
  try {
    const { seq, hash } = JSON.parse(await readFile(headPath(folder), 'utf8')) as Partial<Link>;
    const sound = typeof seq === 'number' && Number.isSafeInteger(seq) && seq >= 0 && /^[0-9a-f]{64}$/.test(hash ?? '');
    return sound && hash !== undefined ? { seq, hash } : 'damaged';
  } catch (error) {
    return isMissing(error) ? 'missing' : 'damaged';
  }
}

export async function writeHead(folder: string, { seq, hash }: Link): Promise<void> {
  const temporary = `${headPath(folder)}.tmp`;
  const file = await open(temporary, 'w', OWNER_ONLY);
  try {
    await file.writeFile(`${JSON.stringify({ seq, hash })}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, headPath(folder));
  await syncFolder(folder);
}

/** Makes created, renamed and deleted names durable (fsync(2)). */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export async function deleteFile(folder: string, name: string): Promise<void> {
  await unlink(join(folder, name));
  await syncFolder(folder);
}

export const headPath = (folder: string) => join(folder, 'head.json');

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
