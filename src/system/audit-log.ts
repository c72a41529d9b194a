import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock, Timer } from '../clock.js';
import { reasonOf } from '../errors.js';
import { deleteFile, fileName, firstSeqOf, listFiles, makeFolder, OWNER_ONLY, syncFolder, writeHead } from './audit-files.js';
import { genesis, lineAfter, parseLine, segmentsOf, sha256, type AuditEntry, type Link } from './audit-line.js';
import { readTail, type Tail } from './audit-tail.js';

export interface AuditOptions {
  readonly folder: string;
  readonly maxFileBytes: number;
  readonly maxTotalBytes: number;
  readonly retentionDays: number;
  readonly clock: Clock;
  /** Told once for each outage of the disk, and of damage that is found: the door goes on. */
  readonly onFault: (reason: string) => void;
}

/** What happened, for good. */
export interface AuditLog {
  /** Nothing was ever recorded here before. */
  readonly isNew: boolean;
  /** Takes the entry and stamps it; never throws. It is durable a moment later: see docs/audit.md. */
  record(entry: { readonly type: string; readonly [field: string]: unknown }): void;
  /** Resolves when everything that was recorded is durable, or when it cannot be. */
  settled(): Promise<void>;
  /** Records what waits. Safe to call twice. */
  close(): Promise<void>;
}

/** So many entries wait for a disk that takes none; later ones are counted, and the count is recorded. */
const MAX_WAITING = 10_000;
const RETRY_MS = 5_000;
/** The head is written so long after its line at most: what a cut of the file's end can hide from verification. */
const HEAD_EVERY_MS = 5_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A wall clock that jumps ahead by years must not delete everything at once. */
const MOST_EXPIRED_AT_ONCE = 2;

/** Where the log cannot be opened, that is told, and what is recorded waits for it. */
export async function openAudit(options: AuditOptions): Promise<AuditLog> {
  const log = new RunningLog(options);
  await log.open();
  return log;
}

class RunningLog implements AuditLog {
  readonly #options: AuditOptions;
  readonly #waiting: AuditEntry[] = [];
  #dropped = 0;
  #file: FileHandle | undefined;
  #tail: Tail = { last: genesis, name: fileName(1), bytes: 0, begun: undefined, cut: false };
  #begunMs = -Infinity;
  #headSeq = 0;
  #headTimer: Timer | undefined;
  #retry: Timer | undefined;
  #outage = false;
  #draining = false;
  /** One step after the other. */
  #steps: Promise<void> = Promise.resolve();
  #closed: Promise<void> | undefined;
  isNew = false;

  constructor(options: AuditOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#step(() => this.#reopen());
    this.isNew = this.#file !== undefined && this.#tail.last.seq === 0;
  }

  record(entry: { readonly type: string; readonly [field: string]: unknown }): void {
    if (this.#closed) return;
    if (this.#waiting.length >= MAX_WAITING) this.#dropped++;
    else this.#waiting.push({ ...entry, time: this.#now() });
    this.#kick();
  }

  async settled(): Promise<void> {
    for (let steps: Promise<void> | undefined; steps !== this.#steps;) {
      steps = this.#steps;
      await steps;
    }
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#finish());
  }

  async #finish(): Promise<void> {
    this.#retry?.cancel();
    this.#headTimer?.cancel();
    await this.#step(() => this.#drain());
    await this.#step(() => this.#saveHead());
    await this.#file?.close();
    this.#file = undefined;
  }

  /** What comes while a batch is written goes with the next one, under one sync. */
  #kick(): void {
    if (this.#retry || this.#draining) return;
    this.#draining = true;
    void this.#step(() => {
      this.#draining = false;
      return this.#drain();
    });
  }

  #step(work: () => Promise<void>): Promise<void> {
    this.#steps = this.#steps.then(() => this.#attempt(work));
    return this.#steps;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#outage = false;
    } catch (error) {
      await this.#file?.close().catch(() => undefined);
      this.#file = undefined;
      if (!this.#outage) this.#options.onFault(`expected to write the audit log, received: ${reasonOf(error)}`);
      this.#outage = true;
      if (this.#closed) return;
      this.#retry ??= this.#options.clock.after(RETRY_MS, () => {
        this.#retry = undefined;
        this.#kick();
      });
    }
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#dropped > 0) {
      if (!this.#file) await this.#reopen();
      const rotated = this.#isFull() && (await this.#rotate());
      await this.#write(this.#waiting);
      if (this.#dropped > 0) {
        const gap = { time: this.#now(), type: 'gap', count: this.#dropped };
        this.#dropped = 0;
        await this.#write([gap]);
      }
      if (rotated) await this.#expire();
    }
  }

  /** Appends entries and takes them off; a failure leaves those that were not written. */
  async #write(entries: AuditEntry[]): Promise<void> {
    const batch = entries.slice();
    if (batch.length === 0 || !this.#file) return;
    let { last } = this.#tail;
    const text = batch
      .map((entry) => {
        const line = lineAfter(last, entry);
        last = line.link;
        return line.text;
      })
      .join('');
    const before = this.#tail.last;
    try {
      await this.#file.writeFile(text);
      await this.#file.datasync();
    } catch (error) {
      // Some of it may stand: what is found there is not written again.
      const { last: found } = await readTail(this.#options.folder);
      entries.splice(0, Math.max(0, Math.min(batch.length, found.seq - before.seq)));
      throw error;
    }
    entries.splice(0, batch.length);
    const bytes = this.#tail.bytes + Buffer.byteLength(text);
    this.#tail = { ...this.#tail, last, bytes, begun: this.#tail.begun ?? batch[0].time };
    this.#headTimer ??= this.#options.clock.after(HEAD_EVERY_MS, () => {
      this.#headTimer = undefined;
      void this.#step(() => this.#saveHead());
    });
  }

  async #saveHead(): Promise<void> {
    const { last } = this.#tail;
    if (last.seq === this.#headSeq) return;
    await writeHead(this.#options.folder, last);
    this.#headSeq = last.seq;
  }

  /** Goes on where the files end, and notes what a power cut tore. */
  async #reopen(): Promise<void> {
    const { folder, onFault } = this.#options;
    await makeFolder(folder);
    const tail = await readTail(folder);
    if (tail.damage !== undefined) onFault(`expected a whole audit log in ${folder}, received: ${tail.damage}`);
    this.#file = await open(join(folder, tail.name), 'a', OWNER_ONLY);
    await syncFolder(folder);
    this.#tail = tail;
    this.#begunMs = -Infinity;
    if (tail.cut) await this.#file.writeFile('\n');
    this.#tail = { ...tail, bytes: tail.bytes + (tail.cut ? 1 : 0) };
    if (tail.torn) await this.#write([{ time: this.#now(), type: 'torn', ...tail.torn }]);
    if (tail.damage !== undefined) await this.#write([{ time: this.#now(), type: 'damaged', reason: tail.damage }]);
  }

  /** A day has begun, or the file is large. A wall clock that jumps to and fro makes one file an hour at most. */
  #isFull(): boolean {
    const { begun, bytes } = this.#tail;
    if (bytes >= this.#options.maxFileBytes) return true;
    const anotherDay = begun !== undefined && begun.slice(0, 10) !== this.#now().slice(0, 10);
    return anotherDay && this.#options.clock.monotonicMs() - this.#begunMs >= HOUR_MS;
  }

  async #rotate(): Promise<true> {
    const { folder, clock } = this.#options;
    await this.#saveHead();
    await this.#file?.close();
    const name = fileName(this.#tail.last.seq + 1);
    this.#file = await open(join(folder, name), 'a', OWNER_ONLY);
    await syncFolder(folder);
    this.#tail = { last: this.#tail.last, name, bytes: 0, begun: undefined, cut: false };
    this.#begunMs = clock.monotonicMs();
    return true;
  }

  /** Deletes whole old files, each after a line that records what it ended with: the rest can still be verified. */
  async #expire(): Promise<void> {
    const { folder, maxTotalBytes, retentionDays, clock } = this.#options;
    const files = await Promise.all(
      (await listFiles(folder))
        .filter((name) => name !== this.#tail.name)
        .map(async (name) => {
          const { size, mtimeMs } = await stat(join(folder, name));
          return { name, size, mtimeMs };
        }),
    );
    let totalBytes = files.reduce((sum, { size }) => sum + size, this.#tail.bytes);
    let expired = 0;
    for (const { name, size, mtimeMs } of files) {
      const end = await endOfFile(join(folder, name));
      const oldestMs = clock.wallTime().getTime() - retentionDays * DAY_MS;
      const tooOld = expired < MOST_EXPIRED_AT_ONCE && (end ? Date.parse(end.time) : mtimeMs) < oldestMs;
      if (!tooOld && totalBytes <= maxTotalBytes) return;
      expired++;
      const what = { file: name, firstSeq: firstSeqOf(name), lastSeq: end?.seq, lastHash: end?.hash };
      await this.#write([{ time: this.#now(), type: 'pruned', ...what, reason: tooOld ? 'age' : 'size' }]);
      await deleteFile(folder, name);
      totalBytes -= size;
    }
  }

  #now(): string {
    return this.#options.clock.wallTime().toISOString();
  }
}

async function endOfFile(path: string): Promise<(Link & { time: string }) | undefined> {
  const last = segmentsOf(await readFile(path)).at(-1);
  const line = last && parseLine(last.bytes);
  return line && { seq: line.seq, hash: sha256(last.bytes), time: line.time };
}
