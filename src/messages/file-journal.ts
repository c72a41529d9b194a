import { mkdir, open, readFile, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { KeySource } from '../identity/people-file/key.js';
import type { Journal, Remembered } from './journal.js';
import { goneLine, headerLine, lineOf, readLines, sealHeaderOf } from './journal-lines.js';
import { sealsOf, type Seal } from './journal-seal.js';
import type { Entry } from './outbox-queue.js';

/** Names of people stand in events. */
const OWNER_ONLY = 0o600;

/**
 * The journal in one append-only file. Killed at any moment, it loses at most what it had not said was written: a torn last
 * line is passed over and cut off; a rewritten file takes the old one's place at once or not at all.
 */
export class FileJournal implements Journal {
  readonly #path: string;
  readonly #key: KeySource | undefined;
  #seal: Seal | undefined;
  #file: FileHandle | undefined;
  #bytes = 0;
  #setAside = false;

  /** @param key seals what is written: that of the people file, whose names stand here as well */
  constructor(path: string, key?: KeySource) {
    this.#path = path;
    this.#key = key;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws an error where there is a file that cannot be read, or has another key; it is then kept beside as `.unread` */
  async open(): Promise<Remembered> {
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
    const text = await readFile(this.#path, 'utf8').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
      this.#setAside = true;
      throw error;
    });
    const found = sealHeaderOf(text);
    const seals = this.#key && (await sealsOf(this.#key, found));
    this.#seal = seals?.writing;
    if (found && !seals?.reading) {
      this.#setAside = true;
      throw new Error('the outbox was written with another key (people.keyFile and the like)');
    }
    return readLines(text, seals?.reading);
  }

  /** Instead of `open`, where another one has read what is to be replaced. */
  async prepare(): Promise<void> {
    this.#seal ??= this.#key && (await sealsOf(this.#key, undefined)).writing;
  }

  async write(added: readonly Entry[], gone: readonly number[], clockMs: number): Promise<void> {
    if (!this.#file) throw new Error('the journal is not open');
    const lines = added.map((entry) => lineOf(entry, this.#seal));
    if (gone.length > 0) lines.push(goneLine(gone, clockMs));
    const data = Buffer.from(lines.join(''));
    await this.#file.writeFile(data);
    this.#bytes += data.length;
    if (added.length > 0) await this.#file.datasync();
  }

  async replace(entries: readonly Entry[], clockMs: number): Promise<void> {
    // Rather not at all than in the clear.
    if (this.#key && !this.#seal) throw new Error('the key of the outbox cannot be had');
    const lines = entries.map((entry) => lineOf(entry, this.#seal));
    const data = Buffer.from([headerLine(this.#seal), goneLine([], clockMs), ...lines].join(''));
    const temporary = `${this.#path}.tmp`;
    const file = await open(temporary, 'w', OWNER_ONLY);
    try {
      await file.writeFile(data);
      await file.sync();
      if (this.#setAside) await rename(this.#path, this.#unread);
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

  async dropUnread(): Promise<void> {
    await rm(this.#unread, { force: true });
    await syncFolder(dirname(this.#path));
  }

  get #unread(): string {
    return `${this.#path}.unread`;
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
