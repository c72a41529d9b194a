import type { BigIntStats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * What the people file needs of a file system, as a port: its fake (test/fakes/volatile-disk.ts) loses at a power cut
 * whatever was not synced. Failures are Node's system errors, with their `code`.
 */
export interface Disk {
  read(path: string): Promise<Buffer>;
  /** Undefined where nothing is. */
  stamp(path: string): Promise<Stamp | undefined>;
  /** The names in a folder; none where there is no folder. */
  names(folder: string): Promise<readonly string[]>;
  /** Mode 0700, with its parents, durably; does nothing where it exists. */
  makeFolder(folder: string): Promise<void>;
  /** A new file, mode 0600; fails where there is one already. */
  create(path: string): Promise<DiskFile>;
  /** Replaces `to` in one step. */
  rename(from: string, to: string): Promise<void>;
  /** A second name for the same content; fails where `to` exists. */
  link(from: string, to: string): Promise<void>;
  /** Does nothing where nothing is. */
  remove(path: string): Promise<void>;
  /** Makes the names in the folder durable: what was created, renamed, linked and removed. */
  syncFolder(folder: string): Promise<void>;
}

export interface DiskFile {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes the content durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Tells one version of a file from another. */
export interface Stamp {
  readonly inode: bigint;
  readonly bytes: bigint;
  readonly modifiedNs: bigint;
}

export function sameStamp(a: Stamp | undefined, b: Stamp | undefined): boolean {
  return a?.inode === b?.inode && a?.bytes === b?.bytes && a?.modifiedNs === b?.modifiedNs;
}

/** The `code` of a system error, such as ENOENT. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

async function unless<T>(code: string, action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (systemCode(error) === code) return undefined;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const nodeDisk: Disk = {
  read: (path) => fs.readFile(path),

  async stamp(path) {
    const stats: BigIntStats | undefined = await unless('ENOENT', fs.stat(path, { bigint: true }));
    return stats && { inode: stats.ino, bytes: stats.size, modifiedNs: stats.mtimeNs };
  },

  names: async (folder) => (await unless('ENOENT', fs.readdir(folder))) ?? [],

  async makeFolder(folder) {
    const topmost = await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    if (topmost === undefined) return;
    for (let made = resolve(folder); made !== dirname(resolve(topmost)); made = dirname(made)) await syncFolder(dirname(made));
  },

  async create(path) {
    const file = await fs.open(path, 'wx', 0o600);
    return {
      async write(chunk) {
        // FileHandle.write may write a part only; writeFile on a handle goes on until all is written.
        await file.writeFile(chunk);
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },

  rename: (from, to) => fs.rename(from, to),
  link: (from, to) => fs.link(from, to),
  remove: (path) => fs.rm(path, { force: true }),

  syncFolder,
};
