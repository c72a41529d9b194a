import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../clock.js';
import { sameStamp, systemCode, type Disk } from './disk.js';

/** Why a file was set aside: it was damaged, or something else had put it there. */
type Aside = 'corrupt' | 'replaced';

/** The n-th generation of a people file, 1 the latest. */
export const generationPath = (file: string, n: number) => `${file}.${n}`;
export const temporaryPath = (file: string) => `${file}.tmp`;

/** The generations that stand beside the file, the latest first, whatever the present setting is. */
export async function listGenerations(disk: Disk, file: string): Promise<string[]> {
  const prefix = `${basename(file)}.`;
  return (await disk.names(dirname(file)))
    .filter((name) => name.startsWith(prefix) && /^[1-9][0-9]{0,3}$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)))
    .sort((a, b) => a - b)
    .map((n) => generationPath(file, n));
}

/** What was set aside beside the file. */
export async function listSetAside(disk: Disk, file: string): Promise<string[]> {
  const starts = (['corrupt', 'replaced'] satisfies Aside[]).map((why) => `${basename(file)}.${why}-`);
  const names = (await disk.names(dirname(file))).filter((name) => starts.some((start) => name.startsWith(start)));
  return names.sort().map((name) => join(dirname(file), name));
}

/**
 * Makes the file generation 1 as well, and each generation one older; what is older than `keep` goes. The file itself
 * stands throughout, by a second name for the same content: nothing is copied.
 */
export async function rotate(disk: Disk, file: string, keep: number): Promise<void> {
  // After a write that failed between here and its rename the file is generation 1 already.
  const [main, latest] = await Promise.all([disk.stamp(file), disk.stamp(generationPath(file, 1))]);
  if (latest && sameStamp(main, latest)) return;
  for (const path of await listGenerations(disk, file)) {
    if (Number(path.slice(file.length + 1)) >= keep) await disk.remove(path);
  }
  for (let n = keep - 1; n >= 1; n--) await renameIfThere(disk, generationPath(file, n), generationPath(file, n + 1));
  await disk.link(file, generationPath(file, 1));
}

/**
 * Gives the content of the file a second name, which says when and why, before the file is replaced: nothing is deleted,
 * and at no moment is there no file.
 *
 * @param from a generation of the file, where not the file itself is meant
 * @returns the path set aside to
 */
export async function setAside(disk: Disk, file: string, why: Aside, clock: Clock, from = file): Promise<string> {
  const time = clock
    .wallTime()
    .toISOString()
    .replace(/[-:]|\.\d+/g, '');
  const taken = new Set(await disk.names(dirname(file)));
  const name = `${basename(file)}.${why}-${time}`;
  let free = name;
  for (let n = 2; taken.has(free); n++) free = `${name}-${n}`;
  const path = join(dirname(file), free);
  await disk.link(from, path);
  await disk.syncFolder(dirname(file));
  return path;
}

async function renameIfThere(disk: Disk, from: string, to: string): Promise<void> {
  try {
    await disk.rename(from, to);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}
