import { mkdir, open, readFile, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Journal, Remembered } from './journal.js';
import { goneLine, HEADER, lineOf, readLines } from './journal-lines.js';
import type { Entry } from './outbox-queue.js';

/** Names of people stand in events. */
const OWNER_ONLY = 0o600;

/**
 * The journal in one append-only file. Killed at any moment, it loses at most what it had not said was written: a torn last
 * line is passed over and cut off; a rewritten file takes the old one's place at once or not at all.
 */
export class FileJournal implements Journal {
  readonly #path: string;
  #file: FileHandle | undefined;
  #bytes = 0;
  #setAside = false;

  constructor(path: string) {
    this.#path = path;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws the file system's error, where there is a file that cannot be read; it is then kept beside as `.unread` */
  async open(): Promise<Remembered> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      this.#setAside = true;
      throw error;
    });
    return readLines(text);
  }

  async write(added: readonly Entry[], gone: readonly number[], clockMs: number): Promise<void> {
    if (!this.#file) throw new Error('the journal is not open');
    const lines = added.map(lineOf);
    if (gone.length > 0) lines.push(goneLine(gone, clockMs));
    const data = Buffer.from(lines.join(''));
    await this.#file.writeFile(data);
    this.#bytes += data.length;
    if (added.length > 0) await this.#file.datasync();
  }

  async replace(entries: readonly Entry[], clockMs: number): Promise<void> {
    const data = Buffer.from([HEADER, goneLine([], clockMs), ...entries.map(lineOf)].join(''));
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', OWNER_ONLY);
    try {
      await file.writeFile(data);
      await file.sync();
      if (this.#setAside) await rename(this.#path, `${this.#path}.unread`);
      this.#setAside = false;
      await rename(temporary, this.#path);
      await syncFolder(dirname(this.#path));
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#file?.close();
    this.#file = file;
    this.#bytes = data.length;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/** A renamed file is found again after a power cut only when its folder has been written (fsync(2)). */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
