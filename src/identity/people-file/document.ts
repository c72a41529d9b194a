import { fault, reasonOf } from '../../errors.js';
import { systemCode, type Disk } from './disk.js';
import { Damaged, seal, unseal } from './envelope.js';
import { temporaryPath } from './generations.js';
import type { PersonLines } from './lines.js';
import { decodePayload, encodePayload, type PeopleDocument, type Schema } from './payload.js';
import type { Vault } from './vault.js';

/** So much is written before the disk is asked to take it: smaller pieces cost more than they spare. */
const syncEveryBytes = 6 * 2 ** 20;

/**
 * One file of people: the people file or one of its generations. Undefined where there is none.
 *
 * @throws Damaged; PEOPLE_FILE_UNREADABLE, and what unseal() throws
 */
export async function readDocument(
  disk: Disk,
  path: string,
  { vault, schema }: { vault: Vault | undefined; schema: Schema },
): Promise<PeopleDocument | undefined> {
  let bytes: Buffer;
  try {
    bytes = await disk.read(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    // A worn-out card answers with EIO where the file stands: that is damage. No right to read is not.
    if (systemCode(error) === 'EIO') throw new Damaged(reasonOf(error), { cause: error });
    throw fault('PEOPLE_FILE_UNREADABLE', { path, reason: reasonOf(error) }, error);
  }
  const { schema: version, payload } = await unseal(bytes, { path, known: schema.version, vault });
  return decodePayload(payload, version, schema);
}

/**
 * The document in the file's temporary file, its content durable. The caller is the writer and renames it.
 *
 * @returns the path of the temporary file
 */
export async function writeTemporary(
  disk: Disk,
  file: string,
  document: PeopleDocument,
  { vault, schema, lines }: { vault: Vault | undefined; schema: Schema; lines?: PersonLines },
): Promise<string> {
  const path = temporaryPath(file);
  // What a killed writer left behind; the lock says that it is nobody else's.
  await disk.remove(path);
  const target = await disk.create(path);
  // One chunk is written while the next one is encoded, and the door's other work goes on in between. A large file is also
  // synced as it grows: the disk is at work from the start, and little is left to wait for at the end.
  let writing = Promise.resolve();
  let syncing = Promise.resolve();
  let unsyncedBytes = 0;
  try {
    for (const chunk of seal(encodePayload(document, lines), schema.version, await vault?.current())) {
      await writing;
      if (unsyncedBytes >= syncEveryBytes) {
        await syncing;
        syncing = target.sync();
        // Thrown where it is awaited; until then nobody listens, and that would end the process.
        syncing.catch(() => undefined);
        unsyncedBytes = 0;
      }
      writing = target.write(chunk);
      unsyncedBytes += chunk.length;
    }
    await writing;
    await syncing;
    await target.sync();
  } catch (error) {
    await Promise.allSettled([writing, syncing]);
    await target.close();
    await disk.remove(path);
    throw error;
  }
  await target.close();
  return path;
}
