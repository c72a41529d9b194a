import { dirname } from 'node:path';
import type { Clock } from '../clock.js';
import { fault, reasonOf } from '../errors.js';
import { nodeDisk, systemCode, type Disk } from './people-file/disk.js';
import { Damaged, seal, unseal } from './people-file/envelope.js';
import { readSecret, type KeySource } from './people-file/key.js';
import { decodePayload, encodePayload, schema } from './people-file/payload.js';
import { createVault } from './people-file/vault.js';
import type { Person } from './person.js';

/**
 * A backup is a people file of its own, always encrypted, with a key of its own: it leaves this machine. So a generation
 * or a file that was set aside can be restored like a backup.
 */

/** The bytes of a backup. @throws PEOPLE_KEY_INVALID */
export async function sealBackup(people: readonly Person[], { key, clock }: { key: KeySource; clock: Clock }): Promise<Buffer> {
  const document = { sequence: 0, savedAt: clock.wallTime().toISOString(), people };
  const fileKey = await createVault(await readSecret(key)).current();
  return Buffer.concat([...seal(encodePayload(document), schema.version, fileKey)]);
}

/**
 * Everybody in a backup, for `People.replaceAll`.
 *
 * @param source what errors call it
 * @param key undefined for a people file in the clear
 * @throws PEOPLE_BACKUP_DAMAGED, PEOPLE_FILE_NEWER, PEOPLE_KEY_WRONG and the like, PEOPLE_KEY_INVALID
 */
export async function openBackup(
  bytes: Buffer,
  { key, source }: { key: KeySource | undefined; source: string },
): Promise<{ savedAt: string; people: readonly Person[] }> {
  const vault = key && createVault(await readSecret(key));
  try {
    const { schema: version, payload } = await unseal(bytes, { path: source, known: schema.version, vault });
    const { savedAt, people } = decodePayload(payload, version);
    return { savedAt, people };
  } catch (error) {
    if (error instanceof Damaged) throw fault('PEOPLE_BACKUP_DAMAGED', { path: source, reason: error.message }, error);
    throw error;
  }
}

/** Writes a new file, mode 0600, durably. @throws PEOPLE_FILE_UNWRITABLE, also where there is a file already */
export async function writeBackup(
  people: readonly Person[],
  { path, key, clock, disk = nodeDisk }: { path: string; key: KeySource; clock: Clock; disk?: Disk },
): Promise<void> {
  const bytes = await sealBackup(people, { key, clock });
  try {
    const file = await disk.create(path);
    try {
      await file.write(bytes);
      await file.sync();
      await disk.syncFolder(dirname(path));
    } catch (error) {
      // A part of a backup would look like one until it is needed, and keep the next attempt from its name.
      await disk.remove(path);
      throw error;
    } finally {
      await file.close();
    }
  } catch (error) {
    const reason = systemCode(error) === 'EEXIST' ? 'a file of that name is there already' : reasonOf(error);
    throw fault('PEOPLE_FILE_UNWRITABLE', { path, reason }, error);
  }
}

/** @throws PEOPLE_FILE_UNREADABLE, and what openBackup() throws */
export async function readBackup(
  path: string,
  { key, disk = nodeDisk }: { key: KeySource | undefined; disk?: Disk },
): Promise<{ savedAt: string; people: readonly Person[] }> {
  let bytes: Buffer;
  try {
    bytes = await disk.read(path);
  } catch (error) {
    throw fault('PEOPLE_FILE_UNREADABLE', { path, reason: reasonOf(error) }, error);
  }
  return openBackup(bytes, { key, source: path });
}
