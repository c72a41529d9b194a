import { dirname } from 'node:path';
import { reasonOf } from '../errors.js';
import type { Emit } from '../events.js';
import { systemCode, type Disk } from '../identity/people-file/disk.js';

/**
 * A lockdown that an operator ordered outlasts the process: it is the presence of a file, which cannot be torn or damaged, and
 * which a hand can make or take away while nothing runs.
 */
export class LockdownMark {
  readonly #path: string;
  readonly #disk: Disk;
  readonly #emit: Emit;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, disk: Disk, emit: Emit) {
    this.#path = path;
    this.#disk = disk;
    this.#emit = emit;
  }

  /** True as well where it cannot be told. */
  async isSet(): Promise<boolean> {
    try {
      await this.#disk.read(this.#path);
      return true;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return false;
      this.#tell('read', error);
      return true;
    }
  }

  /** Of several orders the last one stands. */
  set(active: boolean): void {
    this.#writing = this.#writing
      .then(() => (active ? this.#make() : this.#remove()))
      .catch((error: unknown) => this.#tell(active ? 'make' : 'remove', error));
  }

  /** Resolves when what was ordered is on the disk, or was told to have failed. */
  settled(): Promise<void> {
    return this.#writing;
  }

  async #make(): Promise<void> {
    await this.#disk.makeFolder(dirname(this.#path));
    const file = await this.#disk.create(this.#path).catch((error: unknown) => {
      if (systemCode(error) !== 'EEXIST') throw error;
    });
    await file?.close();
    await this.#disk.syncFolder(dirname(this.#path));
  }

  async #remove(): Promise<void> {
    await this.#disk.remove(this.#path);
    await this.#disk.syncFolder(dirname(this.#path)).catch((error: unknown) => {
      // No folder, no mark.
      if (systemCode(error) !== 'ENOENT') throw error;
    });
  }

  #tell(action: string, error: unknown): void {
    const reason = `expected to ${action} the mark of the lockdown at ${this.#path}, received: ${reasonOf(error)}`;
    this.#emit({ type: 'store_fault', reason });
  }
}
