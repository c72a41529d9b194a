import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config } from './config.js';
import { keySourceOf, type KeySource } from './identity/people-file/key.js';
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
  await alone(config, async () => {
    const journal = openOutbox(config);
    try {
      // What cannot be opened may hold them: it is set aside by the next write, and deleted.
      const { entries, clockMs } = await journal.open().catch(() => ({ entries: [], clockMs: 0 }));
      // Anew in any case: events that the broker has are only struck out in the file.
      const kept = entries.filter(({ json }) => !ids.some((id) => mentions(json, id)));
      await journal.replace(kept, clockMs);
      await journal.dropUnread();
    } finally {
      await journal.close();
    }
  });
}

/**
 * Gives the events that wait for the broker the key that the people file has got. The same call again finishes.
 *
 * @returns the outbox where neither key opens it: it is left as it is
 */
export async function rekeyWaitingEvents(config: Config, to: KeySource | undefined): Promise<readonly string[]> {
  const left: string[] = [];
  await alone(config, async () => {
    const [from, next] = [openOutbox(config), new FileJournal(outboxFile(config), to)];
    const remembered = await from.open().catch(() => next.open().catch(() => undefined));
    if (!remembered) {
      left.push(outboxFile(config));
      return;
    }
    try {
      await next.prepare();
      await next.replace(remembered.entries, remembered.clockMs);
    } finally {
      await next.close();
    }
  });
  return left;
}

/** Where the events of this configuration wait, sealed as its people file is. */
export function openOutbox(config: Config): FileJournal {
  return new FileJournal(outboxFile(config), keySourceOf(config.people));
}

/** Where there is an outbox, and no daemon: whoever has this lock is none, and none starts meanwhile. */
async function alone(config: Config, work: () => Promise<void>): Promise<void> {
  const lock = existsSync(outboxFile(config)) ? await takeLock(config.people.file) : undefined;
  if (!lock) return;
  try {
    await work();
  } finally {
    await lock.release();
  }
}
