import { fault } from '../errors.js';
import { openBackup, sealBackup } from '../identity/people-backup.js';
import { keySourceOf, type KeySource } from '../identity/people-file/key.js';
import type { CommandAnswer } from '../messages/command-answers.js';
import type { Argument, RemoteParts } from './parts.js';

/** What a broker is asked to carry in one message, in bytes of base64url; a people file beyond that is backed up on the machine. */
const MOST_BYTES = 12_000_000;

/**
 * Everybody, sealed with the key of the people file, so that neither the broker nor the one who asked can read it.
 *
 * @throws FacelatchError BACKUP_KEY_MISSING, BACKUP_TOO_LARGE, PEOPLE_KEY_INVALID
 */
export async function backUp({ config, people, clock }: RemoteParts): Promise<CommandAnswer<'backup'>> {
  const all = people.all();
  const bytes = await sealBackup(all, { key: keyOf(config.people), clock });
  const backup = bytes.toString('base64url');
  if (backup.length > MOST_BYTES) throw fault('BACKUP_TOO_LARGE', { bytes: backup.length, most: MOST_BYTES });
  return { people: all.length, backup };
}

/**
 * Everybody goes, and those of the backup come; the old state is the latest generation then.
 *
 * @throws FacelatchError BACKUP_KEY_MISSING, PEOPLE_BACKUP_DAMAGED, PEOPLE_KEY_WRONG, PEOPLE_FILE_NEWER
 */
export async function restore(args: Argument<'restore'>, { config, people }: RemoteParts): Promise<CommandAnswer<'restore'>> {
  const bytes = Buffer.from(args.backup, 'base64url');
  const from = await openBackup(bytes, { key: keyOf(config.people), source: 'the backup of the command' });
  await people.replaceAll(from.people);
  return { people: from.people.length, savedAt: from.savedAt };
}

function keyOf(settings: RemoteParts['config']['people']): KeySource {
  const key = keySourceOf(settings);
  if (!key) throw fault('BACKUP_KEY_MISSING', {});
  return key;
}
