import { realpath } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FacelatchError, fault, reasonOf } from '../../errors.js';
import { nodeDisk, type Disk } from './disk.js';
import { readDocument, writeTemporary } from './document.js';
import { Damaged } from './envelope.js';
import { listGenerations, listSetAside } from './generations.js';
import { readSecret, type KeySource } from './key.js';
import { lockHolder, takeLock } from './lock.js';
import { schema, type PeopleDocument } from './payload.js';
import { createVault, type Vault } from './vault.js';

export interface RekeyOptions {
  readonly file: string;
  /** The key that the file has now; undefined for a file in the clear. */
  readonly from: KeySource | undefined;
  /** The key that it gets; undefined to have it in the clear from now on. */
  readonly to: KeySource | undefined;
  readonly disk?: Disk;
}

export interface Rekeyed {
  readonly rewritten: readonly string[];
  /** Files beside it that still have the old key: damaged generations and what was set aside. Nothing is deleted here. */
  readonly left: readonly string[];
}

/**
 * Encrypts the people file and its generations with another key; also the way into encryption and out of it. The file
 * itself comes last: stopped half-way, the old key still opens it, and the same call again finishes.
 *
 * @throws PEOPLE_FILE_LOCKED while a daemon runs: it would go on with the old key. PEOPLE_FILE_MISSING, PEOPLE_FILE_CORRUPT,
 * PEOPLE_KEY_WRONG and the like, before anything is changed; PEOPLE_FILE_UNWRITABLE
 */
export async function rekeyPeople({ from, to, disk = nodeDisk, ...options }: RekeyOptions): Promise<Rekeyed> {
  const file = await realpath(options.file).catch(() => resolve(options.file));
  const [old, next] = await Promise.all([from, to].map(async (source) => source && createVault(await readSecret(source))));
  if (!(await disk.stamp(file))) throw fault('PEOPLE_FILE_MISSING', { path: file });
  const lock = await takeLock(file);
  if (!lock) throw fault('PEOPLE_FILE_LOCKED', { path: file, holder: await lockHolder(file) });
  try {
    const found = await readWithEither(disk, file, old, next);
    if (found === 'damaged') {
      const wayOut = 'Opening it repairs it (facelatch people list); then try again';
      throw fault('PEOPLE_FILE_CORRUPT', { path: file, reason: 'its content is not what was written', wayOut });
    }
    const rewritten: string[] = [];
    const left: string[] = [];
    for (const path of [...(await listGenerations(disk, file)).reverse(), file]) {
      const document = await readWithEither(disk, path, old, next);
      if (document === 'damaged') left.push(path);
      else if (document !== 'rekeyed') {
        await rewrite(disk, { file, path, document, vault: next });
        rewritten.push(path);
      }
    }
    return { rewritten, left: [...left, ...(await listSetAside(disk, file))] };
  } finally {
    await lock.release();
  }
}

/** @returns `rekeyed` where the next key opens it already */
async function readWithEither(
  disk: Disk,
  path: string,
  old: Vault | undefined,
  next: Vault | undefined,
): Promise<PeopleDocument | 'damaged' | 'rekeyed'> {
  try {
    if (await opens(disk, path, next)) return 'rekeyed';
    return (await readDocument(disk, path, { vault: old, schema })) ?? 'damaged';
  } catch (error) {
    if (error instanceof Damaged) return 'damaged';
    throw error;
  }
}

async function opens(disk: Disk, path: string, vault: Vault | undefined): Promise<boolean> {
  const otherKey = ['PEOPLE_KEY_WRONG', 'PEOPLE_KEY_MISSING', 'PEOPLE_FILE_NOT_ENCRYPTED'];
  try {
    return (await readDocument(disk, path, { vault, schema })) !== undefined;
  } catch (error) {
    if (error instanceof FacelatchError && otherKey.includes(error.code)) return false;
    throw error;
  }
}

interface Rewrite {
  readonly file: string;
  readonly path: string;
  readonly document: PeopleDocument;
  readonly vault: Vault | undefined;
}

async function rewrite(disk: Disk, { file, path, document, vault }: Rewrite): Promise<void> {
  try {
    await disk.rename(await writeTemporary(disk, file, document, { vault, schema }), path);
    await disk.syncFolder(dirname(file));
  } catch (error) {
    throw fault('PEOPLE_FILE_UNWRITABLE', { path, reason: reasonOf(error) }, error);
  }
}
