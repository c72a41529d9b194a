import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from './config.js';
import { takeLock } from './identity/people-file/lock.js';
import { FileJournal } from './messages/file-journal.js';
import { mentions } from './messages/outbox.js';

/** Where the events that wait for the broker stand. */
export function outboxFile({ mqtt, people }: Config): string {
  return mqtt.outbox.file ?? join(dirname(people.file), 'outbox.journal');
}

/**
 * Takes what waits to be told of these people from the disk, where no daemon runs. A daemon does that itself when it is asked
 * to forget them.
 */
export async function forgetWaitingEvents(config: Config, ids: readonly string[]): Promise<void> {
  const file = outboxFile(config);
  // Whoever has this lock is no daemon, and none starts meanwhile.
  const lock = existsSync(file) ? await takeLock(config.people.file) : undefined;
  if (!lock) return;
  const journal = new FileJournal(file);
  try {
    const { entries, clockMs } = await journal.open();
    // Anew in any case: events that the broker has are only struck out in the file.
    const kept = entries.filter(({ json }) => !ids.some((id) => mentions(json, id)));
    await journal.replace(kept, clockMs);
  } finally {
    await journal.close();
    await lock.release();
  }
}
