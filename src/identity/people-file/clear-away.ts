import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Clock } from '../../clock.js';
import { fault } from '../../errors.js';
import { nodeDisk, type Disk } from './disk.js';
import { listGenerations, setAside } from './generations.js';
import { lockHolder, takeLock } from './lock.js';

/**
 * Sets a people file and its generations aside, damaged as they all are, so that a backup can take their place. Nothing is
 * deleted.
 *
 * @returns the paths set aside to
 * @throws PEOPLE_FILE_LOCKED
 */
export async function clearAway(path: string, { clock, disk = nodeDisk }: { clock: Clock; disk?: Disk }): Promise<string[]> {
  const file = await realpath(path).catch(() => resolve(path));
  const lock = await takeLock(file);
  if (!lock) throw fault('PEOPLE_FILE_LOCKED', { path: file, holder: await lockHolder(file) });
  try {
    const here = [...((await disk.stamp(file)) ? [file] : []), ...(await listGenerations(disk, file))];
    const aside: string[] = [];
    for (const from of here) aside.push(await setAside(disk, file, 'corrupt', clock, from));
    for (const from of here) await disk.remove(from);
    await disk.syncFolder(dirname(file));
    return aside;
  } finally {
    await lock.release();
  }
}
