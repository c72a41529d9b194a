import { dirname } from 'node:path';
import type { Disk, DiskFile, Stamp } from '../../src/identity/people-file/disk.js';

interface Content {
  readonly inode: bigint;
  bytes: Buffer;
  /** What the last sync made durable. */
  durable: Buffer;
  modifiedNs: bigint;
}

/** A change of names that no sync of its folder has made durable yet. */
interface PendingName {
  readonly folder: string;
  readonly apply: (names: Map<string, Content>) => void;
}

export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

/**
 * A disk in memory that forgets, at a power cut, what was not synced: any of the renames, links and removals since the
 * folder was synced, in any combination, and any part of content that was not. Real file systems are kinder.
 */
export class VolatileDisk implements Disk {
  #names = new Map<string, Content>();
  #durableNames = new Map<string, Content>();
  #pending: PendingName[] = [];
  #clock = 0n;
  #stepsLeft = Infinity;
  #failure: { readonly step: string; readonly error: Error } | undefined;
  /** Every call so far. */
  steps = 0;

  /** The power fails at this call from now on, 1 the next. */
  cutPowerAt(step: number): void {
    this.#stepsLeft = step - 1;
  }

  /** The next call of this method fails with a system error, once. */
  failNext(step: keyof Disk | keyof DiskFile, code: string): void {
    this.#failure = { step, error: Object.assign(new Error(`${code}: simulated`), { code }) };
  }

  /** What the next start finds. @param random 0..1, decides what of the unsynced survives */
  reboot(random: () => number): VolatileDisk {
    const names = new Map(this.#durableNames);
    for (const { apply } of this.#pending) if (random() < 0.5) apply(names);
    const next = new VolatileDisk();
    const survivors = new Map<Content, Content>();
    for (const [path, content] of names) {
      const survivor = survivors.get(content) ?? { ...content, bytes: survived(content, random) };
      survivor.durable = survivor.bytes;
      survivors.set(content, survivor);
      next.#names.set(path, survivor);
    }
    next.#durableNames = new Map(next.#names);
    next.#clock = this.#clock;
    return next;
  }

  paths(): string[] {
    return [...this.#names.keys()].sort();
  }

  bytes(path: string): Buffer {
    return this.#content(path).bytes;
  }

  /** Puts a file there durably, behind everybody's back. */
  plant(path: string, bytes: Buffer): void {
    const content = { inode: ++this.#clock, bytes, durable: bytes, modifiedNs: this.#clock };
    this.#names.set(path, content);
    this.#durableNames.set(path, content);
  }

  async read(path: string): Promise<Buffer> {
    await this.#step('read');
    return Buffer.from(this.#content(path).bytes);
  }

  async stamp(path: string): Promise<Stamp | undefined> {
    await this.#step('stamp');
    const content = this.#names.get(path);
    return content && { inode: content.inode, bytes: BigInt(content.bytes.length), modifiedNs: content.modifiedNs };
  }

  async names(folder: string): Promise<readonly string[]> {
    await this.#step('names');
    return this.paths()
      .filter((path) => dirname(path) === folder)
      .map((path) => path.slice(folder.length + 1));
  }

  async makeFolder(): Promise<void> {
    await this.#step('makeFolder');
  }

  async create(path: string): Promise<DiskFile> {
    await this.#step('create');
    if (this.#names.has(path)) throw systemError('EEXIST', path);
    const content: Content = { inode: ++this.#clock, bytes: Buffer.alloc(0), durable: Buffer.alloc(0), modifiedNs: this.#clock };
    this.#rename(dirname(path), (names) => names.set(path, content));
    return {
      write: async (chunk) => {
        await this.#step('write');
        content.bytes = Buffer.concat([content.bytes, chunk]);
        content.modifiedNs = ++this.#clock;
      },
      sync: async () => {
        await this.#step('sync');
        content.durable = content.bytes;
      },
      close: () => this.#step('close'),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#step('rename');
    const content = this.#content(from);
    // rename(2): two names of the same file stay as they are.
    if (this.#names.get(to) === content) return;
    this.#rename(dirname(to), (names) => {
      names.delete(from);
      names.set(to, content);
    });
  }

  async link(from: string, to: string): Promise<void> {
    await this.#step('link');
    const content = this.#content(from);
    if (this.#names.has(to)) throw systemError('EEXIST', to);
    this.#rename(dirname(to), (names) => names.set(to, content));
  }

  async remove(path: string): Promise<void> {
    await this.#step('remove');
    this.#rename(dirname(path), (names) => names.delete(path));
  }

  async syncFolder(folder: string): Promise<void> {
    await this.#step('syncFolder');
    for (const { apply } of this.#pending.filter((pending) => pending.folder === folder)) apply(this.#durableNames);
    this.#pending = this.#pending.filter((pending) => pending.folder !== folder);
  }

  #rename(folder: string, apply: (names: Map<string, Content>) => void): void {
    apply(this.#names);
    this.#pending.push({ folder, apply });
  }

  #content(path: string): Content {
    const content = this.#names.get(path);
    if (!content) throw systemError('ENOENT', path);
    return content;
  }

  async #step(step: string): Promise<void> {
    await Promise.resolve();
    this.steps++;
    if (this.#stepsLeft-- <= 0) throw new PowerCut('the power is off');
    const failure = this.#failure;
    if (failure?.step !== step) return;
    this.#failure = undefined;
    throw failure.error;
  }
}

/** Of content that was not synced: nothing new, all of it, a part, or as many zeros (ext4's delayed allocation). */
function survived({ bytes, durable }: Content, random: () => number): Buffer {
  if (bytes.equals(durable)) return bytes;
  const length = Math.floor(random() * bytes.length);
  return [durable, bytes, bytes.subarray(0, length), Buffer.alloc(bytes.length)][Math.floor(random() * 4)];
}

function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
