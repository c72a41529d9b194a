import { spawn } from 'node:child_process';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { fault, reasonOf } from '../../errors.js';
import { systemCode } from './disk.js';

/** The right to write the people file, from the kernel: it ends with this process, however that ends. */
export interface Lock {
  /** False when somebody deleted the lock file: another process may hold the new one. */
  valid(): Promise<boolean>;
  /** Safe to call twice. */
  release(): Promise<void>;
}

/**
 * Takes the lock, waiting for it up to `waitSeconds`; undefined where another process keeps it.
 *
 * Node has no flock(2). The `flock` program of util-linux (on every Debian) takes the lock on a descriptor that it shares
 * with this process, and leaves it here when it ends. Unlike a file with a process id in it, such a lock cannot be left
 * behind by a kill, and no id can come to mean another process.
 *
 * @throws PEOPLE_FILE_UNWRITABLE where there is no `flock` program or no lock can be had in that folder
 */
export async function takeLock(file: string, waitSeconds = 0): Promise<Lock | undefined> {
  const path = lockPath(file);
  const refuse = (reason: string, cause?: unknown) => fault('PEOPLE_FILE_UNWRITABLE', { path: file, reason }, cause);
  let handle: FileHandle;
  try {
    handle = await open(path, 'a+', 0o600);
  } catch (error) {
    throw refuse(reasonOf(error), error);
  }
  const lock = lockOn(handle, path);
  try {
    const status = await flock(handle.fd, waitSeconds);
    // 1: another process has it. Everything else is not about the lock but about the program or the file system.
    if (status !== 0 && status !== 1) throw refuse(`flock ended with status ${status}`);
    if (status === 0 && (await lock.valid())) {
      await handle.truncate();
      await handle.write(String(process.pid));
      return lock;
    }
  } catch (error) {
    await lock.release();
    if (systemCode(error) === 'ENOENT') throw refuse('no "flock" program, which locks it; Debian: apt install util-linux', error);
    throw error;
  }
  await lock.release();
  return undefined;
}

/** Who holds the lock, as far as it said: for people to read, not to decide by. */
export async function lockHolder(file: string): Promise<string> {
  try {
    const pid = await readFile(lockPath(file), 'utf8');
    return /^\d+$/.test(pid) ? `process ${pid}` : 'another process';
  } catch {
    return 'another process';
  }
}

const lockPath = (file: string) => `${file}.lock`;

function lockOn(handle: FileHandle, path: string): Lock {
  let released: Promise<void> | undefined;
  return {
    async valid() {
      if (released) return false;
      try {
        const [ours, there] = await Promise.all([handle.stat({ bigint: true }), stat(path, { bigint: true })]);
        return ours.ino === there.ino && ours.dev === there.dev;
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return false;
        throw error;
      }
    },
    release: () => (released ??= handle.close()),
  };
}

/** @returns the exit status of flock */
function flock(descriptor: number, waitSeconds: number): Promise<number> {
  const patience = waitSeconds === 0 ? ['-n'] : ['-w', String(waitSeconds)];
  return new Promise((resolve, reject) => {
    // Descriptor 3 of the program is ours: what flock(2) locks is the open file that both share.
    const program = spawn('flock', [...patience, '3'], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
    program.once('error', reject);
    program.once('close', (status) => resolve(status ?? -1));
  });
}
