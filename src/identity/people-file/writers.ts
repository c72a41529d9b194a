import type { Clock } from '../../clock.js';
import { fault } from '../../errors.js';
import { createQueue } from '../../in-turn.js';
import { ask } from './client.js';
import { lockHolder, takeLock, type Lock } from './lock.js';
import type { ChangeRequest } from './protocol.js';
import { startService } from './service.js';
import type { PeopleStore } from './store.js';

/** How one process makes changes: there is one writer at a time, and the others ask it. */
export interface Writer {
  /** Resolves when the change is durable. Calls follow each other. */
  change(request: ChangeRequest): Promise<void>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

export interface WriterOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly store: PeopleStore;
}

/** How long a process waits for one that writes once and goes, or for a daemon that is just starting or stopping on a slow board. */
const patienceMs = 30_000;
/**
 * How long it stands in the kernel's queue for the lock before it asks again, in seconds: doubled each time, as on a busy machine
 * the way into the queue takes longer than another command line leaves the lock alone.
 */
const queue = { first: 0.2, longest: 3.2 };

/** The daemon: keeps the lock as long as it runs and makes the changes that others ask for. */
export async function keepLock({ file, clock, store }: WriterOptions, lock: Lock): Promise<Writer> {
  const inTurn = createQueue();
  const change = (request: ChangeRequest) =>
    inTurn(async () => {
      if (!(await lock.valid())) {
        throw fault('PEOPLE_FILE_UNWRITABLE', { path: file, reason: `${file}.lock was deleted; restart facelatch` });
      }
      await store.commit(request);
    });
  const service = await startService(file, { clock, change });
  return {
    change,
    async close() {
      await service.close();
      await inTurn(() => lock.release());
    },
  };
}

/**
 * The command line: takes the lock for each change, or asks the process that keeps it.
 *
 * @param holding told when this process becomes the writer and when it no longer is
 */
export function visit({ file, clock, store }: WriterOptions, holding: (held: boolean) => void): Writer {
  const inTurn = createQueue();

  async function change(request: ChangeRequest): Promise<void> {
    const start = clock.monotonicMs();
    let repeated = request.repeated;
    for (let waitSeconds = 0; clock.monotonicMs() - start < patienceMs;) {
      const lock = await takeLock(file, waitSeconds);
      if (lock) return changeWith(lock, { ...request, repeated });
      const outcome = await ask(file, { ...request, repeated }, clock);
      if (outcome === 'done') return store.refresh();
      // The writer went away, perhaps after the change: whoever does it now must know.
      repeated ||= outcome === 'lost';
      waitSeconds = Math.min(queue.longest, waitSeconds * 2 || queue.first);
    }
    throw fault('PEOPLE_FILE_LOCKED', { path: file, holder: await lockHolder(file) });
  }

  async function changeWith(lock: Lock, request: ChangeRequest): Promise<void> {
    holding(true);
    try {
      await store.refresh();
      await store.commit(request);
    } finally {
      holding(false);
      await lock.release();
    }
  }

  return {
    change: (request) => inTurn(() => change(request)),
    close: () => inTurn(() => Promise.resolve()),
  };
}
