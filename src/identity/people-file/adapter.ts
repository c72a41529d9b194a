import { basename, dirname } from 'node:path';
import type { Adapter } from 'lowdb';
import type { Clock } from '../../clock.js';
import { FacelatchError, fault, reasonOf } from '../../errors.js';
import { sameStamp, type Disk, type Stamp } from './disk.js';
import { readDocument, writeTemporary } from './document.js';
import { Damaged } from './envelope.js';
import { listGenerations, listSetAside, rotate, setAside, temporaryPath } from './generations.js';
import { PersonLines } from './lines.js';
import type { Person } from '../person.js';
import { schema as currentSchema, type PeopleDocument, type Schema } from './payload.js';
import type { Vault } from './vault.js';

export interface AdapterOptions {
  /** Where the people file stands. */
  readonly file: string;
  readonly disk: Disk;
  readonly clock: Clock;
  /** Encrypts what is written and refuses to read what is not encrypted. */
  readonly vault: Vault | undefined;
  /** How many good generations are kept beside the file. */
  readonly generations: number;
  /** Whether this process is the one writer now: only it repairs. */
  readonly mayWrite: () => boolean;
  /** Told of damage that was survived. */
  readonly onFault: (error: FacelatchError) => void;
  readonly schema?: Schema;
}

/**
 * lowdb's way to the disk. A write is durable when it resolves: temporary file, fsync, rename, fsync of the folder. At
 * any moment, through a kill or a power cut, the file is whole: the old one or the new one.
 */
export class PeopleAdapter implements Adapter<PeopleDocument> {
  readonly #options: Required<AdapterOptions>;
  /** The file as this process read or wrote it last. */
  #stamp: Stamp | undefined;
  readonly #lines = new PersonLines();

  constructor(options: AdapterOptions) {
    this.#options = { schema: currentSchema, ...options };
  }

  /** Whether the file is not the one that was read or written last. */
  async changed(): Promise<boolean> {
    return !sameStamp(this.#stamp, await this.#options.disk.stamp(this.#options.file));
  }

  /**
   * The file, or the last good generation where the file is damaged or gone; null where nothing ever was.
   *
   * @throws PEOPLE_FILE_CORRUPT where no good generation is left; PEOPLE_FILE_UNREADABLE, and what unseal() throws
   */
  async read(): Promise<PeopleDocument | null> {
    const { file, disk } = this.#options;
    // Before the content: a file that is exchanged in between is then taken for changed, not for read.
    const stamp = await disk.stamp(file);
    try {
      const document = await readDocument(disk, file, this.#options);
      if (document) this.#stamp = stamp;
      return document ?? (await this.#recover('nothing'));
    } catch (error) {
      if (error instanceof Damaged) return this.#recover(error.message);
      throw error;
    }
  }

  /** @throws PEOPLE_FILE_UNWRITABLE; then the file on disk is the old one or, at worst, whole and new */
  async write(document: PeopleDocument): Promise<void> {
    const { file, disk, clock, generations, onFault } = this.#options;
    await this.#replace(document, async () => {
      const found = await disk.stamp(file);
      if (sameStamp(found, this.#stamp)) {
        if (found) await rotate(disk, file, generations);
        return;
      }
      // A generation is a file that we wrote and trust. This one is somebody's: it is kept, but not among them.
      const aside = found && (await setAside(disk, file, 'replaced', clock));
      onFault(fault('PEOPLE_FILE_REPLACED', { path: file, setAside: aside }));
    });
  }

  /**
   * Takes people out of every copy beside the file. A copy that cannot be opened may hold them, and is deleted. The same call
   * again finishes one that was interrupted.
   *
   * @throws PEOPLE_FORGET_UNFINISHED
   */
  async forget(ids: ReadonlySet<string>): Promise<void> {
    const { file, disk } = this.#options;
    let at = temporaryPath(file);
    try {
      await disk.remove(at);
      for (at of [...(await listGenerations(disk, file)), ...(await listSetAside(disk, file))]) {
        const document = await this.#openCopy(at);
        if (!document) await disk.remove(at);
        else if (document.people.some(({ id }) => ids.has(id))) {
          const people = document.people.filter(({ id }) => !ids.has(id));
          await disk.rename(await writeTemporary(disk, file, { ...document, people }, this.#options), at);
        }
      }
      await disk.syncFolder(dirname(file));
    } catch (error) {
      throw fault('PEOPLE_FORGET_UNFINISHED', { path: at, reason: reasonOf(error) }, error);
    }
  }

  /** Everybody who is in a copy beside the file, as the latest copy has them. */
  async peopleInCopies(): Promise<readonly Person[]> {
    const { file, disk } = this.#options;
    const found = new Map<string, Person>();
    for (const path of [...(await listGenerations(disk, file)), ...(await listSetAside(disk, file))]) {
      for (const person of (await this.#openCopy(path))?.people ?? []) {
        if (!found.has(person.id)) found.set(person.id, person);
      }
    }
    return [...found.values()];
  }

  /** Undefined where it is damaged or of another key. @throws PEOPLE_FILE_UNREADABLE */
  async #openCopy(path: string): Promise<PeopleDocument | undefined> {
    try {
      return await readDocument(this.#options.disk, path, this.#options);
    } catch (error) {
      const readable = error instanceof Damaged || (error instanceof FacelatchError && error.code !== 'PEOPLE_FILE_UNREADABLE');
      if (readable) return undefined;
      throw error;
    }
  }

  /** @param keepOld gives what stands there now another name */
  async #replace(document: PeopleDocument, keepOld: () => Promise<void>): Promise<void> {
    const { file, disk } = this.#options;
    try {
      const written = await writeTemporary(disk, file, document, { ...this.#options, lines: this.#lines });
      await keepOld();
      await disk.rename(written, file);
      this.#stamp = await disk.stamp(file);
      await disk.syncFolder(dirname(file));
    } catch (error) {
      throw fault('PEOPLE_FILE_UNWRITABLE', { path: file, reason: reasonOf(error) }, error);
    }
  }

  /** @param damage what is wrong with the file */
  async #recover(damage: string): Promise<PeopleDocument | null> {
    const { file, disk, clock, mayWrite, onFault } = this.#options;
    const missing = damage === 'nothing';
    const generations = await listGenerations(disk, file);
    if (missing && generations.length === 0) return null;

    const good = await this.#latestGood(generations);
    if (!good) {
      const wayOut = `None of ${generations.length} earlier generations is intact. Restore a backup (facelatch people restore), or move ${basename(file)} and its generations away and enroll everybody again`;
      throw fault('PEOPLE_FILE_CORRUPT', { path: file, reason: damage, wayOut });
    }
    const { document, path: generation } = good;
    let aside: string | undefined;
    this.#stamp = undefined;
    if (mayWrite()) {
      await this.#replace(document, async () => {
        if (!missing) aside = await setAside(disk, file, 'corrupt', clock);
      });
    }
    const { savedAt, people } = document;
    onFault(
      fault('PEOPLE_FILE_RECOVERED', { path: file, reason: damage, setAside: aside, generation, savedAt, people: people.length }),
    );
    return document;
  }

  async #latestGood(generations: readonly string[]): Promise<{ path: string; document: PeopleDocument } | undefined> {
    for (const path of generations) {
      try {
        const document = await readDocument(this.#options.disk, path, this.#options);
        if (document) return { path, document };
      } catch (error) {
        const passable = error instanceof Damaged || (error instanceof FacelatchError && error.code !== 'PEOPLE_FILE_NEWER');
        if (!passable) throw error;
      }
    }
    return undefined;
  }
}
