import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 250;

/**
 * Runs `action` while no other process does so with this lock file; `npm start` and `npm test` may well be started together.
 * A lock whose process is gone is taken over. Two processes that take it over at once would spoil each other's download, not
 * the models: nothing is taken out of a tarball before its integrity was checked.
 */
export async function whileLocked<T>(path: string, onWait: (holder: string) => void, action: () => Promise<T>): Promise<T> {
  for (let waited = false; !(await tryLock(path)); waited = true) {
    const holder = (await readFile(path, 'utf8').catch(() => '')).trim();
    if (!isAlive(Number(holder))) await rm(path, { force: true });
    else if (!waited) onWait(holder);
    await delay(POLL_MS);
  }
  try {
    return await action();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    // Every time: the process that held the lock may have removed the folder as well.
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive as well.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
