import { dirname } from 'node:path';
import type { Clock } from '../../clock.js';
import { FacelatchError, fault } from '../../errors.js';
import { PeopleAdapter } from './adapter.js';
import type { Disk } from './disk.js';
import { lockHolder, takeLock, type Lock } from './lock.js';
import type { Rules } from './operations.js';
import { PeopleStore, type PeopleChange } from './store.js';
import type { Vault } from './vault.js';
import { keepLock, visit, type Writer } from './writers.js';

export interface OpeningOptions {
  /** Absolute, and no symbolic link. */
  readonly file: string;
  readonly create: boolean;
  /** Keep the lock and serve others. */
  readonly hold: boolean;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly vault: Vault | undefined;
  readonly generations: number;
  readonly rules: Rules;
  readonly onFault: (error: FacelatchError) => void;
  readonly onChange: (change: PeopleChange) => void;
}

export interface OpenedFile {
  readonly file: string;
  readonly store: PeopleStore;
  readonly writer: Writer;
}

/** How long a daemon waits for a command line that is just writing. */
const patienceSeconds = 5;

/** Loads the file, creating or repairing it where that is allowed, and settles how this process will write to it. */
export async function openFile(options: OpeningOptions): Promise<OpenedFile> {
  const { file, create, hold, clock, disk } = options;
  if (create) await disk.makeFolder(dirname(file));
  else if ((await disk.names(dirname(file))).length === 0) throw fault('PEOPLE_FILE_MISSING', { path: file });

  let mayWrite = false;
  let report = options.onFault;
  const adapter = new PeopleAdapter({ ...options, mayWrite: () => mayWrite, onFault: (error) => report(error) });
  const store = new PeopleStore({ ...options, adapter });
  const parts = { file, clock, store };

  async function loadAsWriter(): Promise<void> {
    mayWrite = true;
    try {
      await store.load();
    } catch (error) {
      if (!create || !isMissing(error)) throw error;
      await store.create();
    }
  }

  if (hold) {
    const lock = await lockOrFail(file);
    try {
      await loadAsWriter();
      return { file, store, writer: await keepLock(parts, lock) };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  const writer = visit(parts, (held) => (mayWrite = held));
  // Most often nothing is to be created or repaired, and reading needs no lock.
  const faults: FacelatchError[] = [];
  report = (error) => faults.push(error);
  const missing = await store.load().then(
    () => false,
    (error: unknown) => {
      if (create && isMissing(error)) return true;
      throw error;
    },
  );
  report = options.onFault;
  if (!missing && faults.length === 0) return { file, store, writer };

  const lock = missing ? await lockOrFail(file) : await takeLock(file, patienceSeconds);
  if (!lock) {
    // A daemon holds it, has the people in memory and will write the file anew; until then a generation serves here.
    faults.forEach(report);
    return { file, store, writer };
  }
  try {
    await loadAsWriter();
  } finally {
    mayWrite = false;
    await lock.release();
  }
  return { file, store, writer };
}

async function lockOrFail(file: string): Promise<Lock> {
  const lock = await takeLock(file, patienceSeconds);
  if (!lock) throw fault('PEOPLE_FILE_LOCKED', { path: file, holder: await lockHolder(file) });
  return lock;
}

function isMissing(error: unknown): boolean {
  return error instanceof FacelatchError && error.code === 'PEOPLE_FILE_MISSING';
}
