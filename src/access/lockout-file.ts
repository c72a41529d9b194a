import { dirname } from 'node:path';
import * as z from 'zod';
import { reasonOf } from '../errors.js';
import { systemCode, type Disk } from '../identity/people-file/disk.js';

const recordSchema = z.strictObject({
  version: z.literal(1),
  failures: z.int().min(0).max(1_000_000),
  lockouts: z.int().min(0).max(1_000_000),
  /** A duration and not a time: the wall clock may have jumped when it is read again. */
  remainingMs: z.int().min(0),
});

export type LockoutRecord = Omit<z.output<typeof recordSchema>, 'version'>;

export type Found =
  | { readonly is: 'read'; readonly record: LockoutRecord }
  | { readonly is: 'missing' }
  | { readonly is: 'damaged'; readonly reason: string };

/** What survives a restart, in one small file that is replaced in one step or not at all. */
export class LockoutFile {
  readonly path: string;
  readonly #disk: Disk;
  #writing: Promise<void> = Promise.resolve();
  #next: LockoutRecord | undefined;

  constructor(path: string, disk: Disk) {
    this.path = path;
    this.#disk = disk;
  }

  async read(): Promise<Found> {
    try {
      const { version: _version, ...record } = recordSchema.parse(JSON.parse((await this.#disk.read(this.path)).toString()));
      return { is: 'read', record };
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return { is: 'missing' };
      return { is: 'damaged', reason: error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error) };
    }
  }

  /**
   * Resolves when this record, or a later one, is durable. Of records that come while one is being written only the last is.
   * @throws the file system's error
   */
  write(record: LockoutRecord): Promise<void> {
    const waiting = this.#next !== undefined;
    this.#next = record;
    if (waiting) return this.#writing;
    const work = async () => {
      const latest = this.#next ?? record;
      this.#next = undefined;
      await this.#replace(`${JSON.stringify({ version: 1, ...latest })}\n`);
    };
    this.#writing = this.#writing.then(work, work);
    return this.#writing;
  }

  async #replace(text: string): Promise<void> {
    const temporary = `${this.path}.tmp`;
    await this.#disk.makeFolder(dirname(this.path));
    await this.#disk.remove(temporary);
    const file = await this.#disk.create(temporary);
    try {
      await file.write(Buffer.from(text));
      await file.sync();
    } finally {
      await file.close();
    }
    await this.#disk.rename(temporary, this.path);
    await this.#disk.syncFolder(dirname(this.path));
  }
}
