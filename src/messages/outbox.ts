import type { Clock, Timer } from '../clock.js';
import { reasonOf } from '../errors.js';
import type { DoorEvent, Happening } from '../events.js';
import { valueOf } from './event-value.js';
import type { Journal } from './journal.js';
import type { Log } from './log.js';
import { OutboxQueue, type Entry, type QueueLimits } from './outbox-queue.js';

export interface OutboxOptions {
  readonly limits: QueueLimits;
  readonly journal: Journal;
  readonly clock: Clock;
  readonly log: Log;
  /** Gives the `dropped` event its id and its time. */
  readonly stamp: (happening: Happening) => DoorEvent;
  /** Something new may be published. */
  readonly onReady: () => void;
}

export interface OutboxStatus {
  readonly events: number;
  readonly bytes: number;
  /** Events given up since start. */
  readonly dropped: number;
  /** Why events are not on the disk, while that is so; they are published all the same. */
  readonly problem?: string;
}

/** Whether an event as JSON is about a person, by any of its fields. */
export function mentions(json: string, personId: string): boolean {
  return json.includes(`"id":${JSON.stringify(personId)}`);
}

/** A journal is rewritten when its dead records are more than this and than what lives. */
const WORTH_REWRITING_BYTES = 65_536;
/** Acknowledged events are struck out together, in milliseconds. */
const FORGET_MS = 100;
/** After a failed write: how long until the next try, in milliseconds. */
const RETRY_MS = 5_000;

/**
 * Every event from its making to the broker's acknowledgement: on the disk before it may be published, in order, within
 * limits. What is not acknowledged is published again, after a restart too, so that a reader sees each at least once and
 * knows repetitions by `eventId`.
 *
 * Events made while the disk is busy are written together: one fsync for all of them.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #queue: OutboxQueue;
  #nextSeq = 1;
  /** All with a number up to this may be published. */
  #writtenSeq = 0;
  /** All with a number up to this have been handed out once. */
  #handedSeq = 0;
  #added: Entry[] = [];
  #gone: number[] = [];
  /** Something is to be written. */
  #dirty = false;
  #waiting: { seq: number; settle: (written: boolean) => void }[] = [];
  #clockOffsetMs = 0;
  #lost: { count: number; from: string; to: string } | undefined;
  /** The `dropped` event that nobody has seen yet: it grows instead of having brothers. */
  #notice: { seq: number; count: number; from: string; to: string } | undefined;
  #dropped = 0;
  #writing: Promise<void> | undefined;
  /** The next write replaces the whole journal: at start, which cuts off a torn end, and after a failed write. */
  #anew = true;
  #problem: string | undefined;
  #retry: Timer | undefined;
  #forgetting: Timer | undefined;
  #started = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#queue = new OutboxQueue(options.limits);
  }

  get status(): OutboxStatus {
    const { count: events, bytes } = this.#queue;
    return { events, bytes, dropped: this.#dropped, ...(this.#problem !== undefined && { problem: this.#problem }) };
  }

  /** Takes up what the last run left; never rejects. Events appended before go behind these. */
  async start(): Promise<void> {
    const { journal, clock, log } = this.#options;
    try {
      const { entries, nextSeq, clockMs, unreadable } = await journal.open();
      const early = [...this.#queue.entries()];
      for (const { seq } of early) this.#queue.remove(seq);
      this.#added = [];
      this.#clockOffsetMs = clockMs - clock.monotonicMs();
      this.#nextSeq = nextSeq;
      this.#writtenSeq = nextSeq - 1;
      for (const entry of entries) this.#count(this.#queue.add(entry));
      for (const entry of early) this.#take({ ...entry, seq: this.#nextSeq++, madeMs: clockMs });
      if (unreadable > 0)
        log.warn({ unreadable }, 'lines of the outbox could not be read; one, the last, is normal after a power cut');
    } catch (error) {
      this.#fail(error);
    }
    this.#started = true;
    this.#dirty = true;
    await this.#write();
  }

  /** Resolves when the event is on the disk (true), or was dropped or could not be written (false); never rejects. */
  append(event: DoorEvent): Promise<boolean> {
    const json = JSON.stringify(event);
    const entry = { seq: this.#nextSeq++, value: valueOf(event.type), time: event.time, madeMs: this.#nowMs(), json };
    // One event may not push out all the others.
    if (json.length > this.#options.limits.maxBytes / 10) this.#count([entry]);
    else this.#take(entry);
    return new Promise((settle) => {
      this.#waiting.push({ seq: entry.seq, settle });
      void this.#write();
    });
  }

  /** Resolves when every event so far is on the disk, or was dropped or could not be written; never rejects. */
  settled(): Promise<void> {
    const last = this.#waiting.at(-1);
    if (!last) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push({ seq: last.seq, settle: () => resolve() });
    });
  }

  /** The oldest event with a number above `seq` that may be published. */
  next(seq: number): Entry | undefined {
    const entry = this.#queue.after(seq);
    if (entry === undefined || entry.seq > this.#writtenSeq) return undefined;
    this.#handedSeq = Math.max(this.#handedSeq, entry.seq);
    return entry;
  }

  /** The broker has it. */
  acknowledge(seq: number): void {
    if (this.#queue.remove(seq) === undefined) return;
    this.#gone.push(seq);
    this.#dirty = true;
    // In the middle of many, the next write takes it along: forgetting late means only sending twice.
    if (this.#queue.count === 0) void this.#write();
    else this.#forgetting ??= this.#options.clock.after(FORGET_MS, () => void this.#write());
  }

  /** Takes out every event about these people. Resolves when the journal was written without them, or cannot be. */
  async forget(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const gone = [...this.#queue.entries()].filter(({ json }) => ids.some((id) => mentions(json, id)));
    for (const { seq } of gone) this.#queue.remove(seq);
    this.#added = this.#added.filter((entry) => !gone.includes(entry));
    // Struck out, they would still stand in the file, as do those that were acknowledged before.
    this.#anew = true;
    this.#dirty = true;
    await this.#write();
    await this.#options.journal.dropUnread().catch((error: unknown) => this.#fail(error));
  }

  /** Resolves when all is written; safe to call twice. */
  async stop(): Promise<void> {
    await this.#write();
    this.#started = false;
    this.#retry?.cancel();
    this.#forgetting?.cancel();
    for (const { settle } of this.#waiting.splice(0)) settle(false);
    await this.#options.journal.close();
  }

  #nowMs(): number {
    return this.#options.clock.monotonicMs() + this.#clockOffsetMs;
  }

  #take(entry: Entry): void {
    this.#dirty = true;
    this.#added.push(entry);
    this.#count(this.#queue.add(entry));
  }

  #count(entries: readonly Entry[]): void {
    for (const { seq, time } of entries) {
      this.#dirty = true;
      this.#dropped++;
      this.#gone.push(seq);
      this.#lost = { count: (this.#lost?.count ?? 0) + 1, from: this.#lost?.from ?? time, to: time };
    }
  }

  #write(): Promise<void> {
    return (this.#writing ??= this.#writeAll());
  }

  async #writeAll(): Promise<void> {
    // Lets everything that happens in this turn of the event loop share one write.
    await Promise.resolve();
    while (this.#started && this.#dirty) {
      this.#forgetting?.cancel();
      this.#forgetting = undefined;
      this.#count(this.#queue.expire(this.#nowMs()));
      this.#tellOfLost();
      // The notice itself may have pushed an event out.
      this.#dirty = this.#lost !== undefined;
      const upTo = this.#nextSeq - 1;
      const written = await this.#writeOnce(this.#added.splice(0), this.#gone.splice(0));
      this.#writtenSeq = upTo;
      this.#settle(upTo, written);
      this.#options.onReady();
    }
    // In the same turn as the last look at #dirty: what comes later finds no write going on and begins one.
    this.#writing = undefined;
  }

  async #writeOnce(added: readonly Entry[], gone: readonly number[]): Promise<boolean> {
    const { journal, clock, log } = this.#options;
    // After a failed fsync the kernel may have thrown the pages away: only writing everything anew is certain.
    if (this.#retry !== undefined) return false;
    const dead = journal.bytes - this.#queue.bytes;
    try {
      if (this.#anew || dead > WORTH_REWRITING_BYTES + this.#queue.bytes)
        await journal.replace([...this.#queue.entries()], this.#nowMs());
      else await journal.write(added, gone, this.#nowMs());
      this.#anew = false;
      if (this.#problem !== undefined) log.info({}, 'the outbox is on the disk again');
      this.#problem = undefined;
      return true;
    } catch (error) {
      this.#fail(error);
      this.#retry = clock.after(RETRY_MS, () => {
        this.#retry = undefined;
        this.#dirty = true;
        void this.#write();
      });
      return false;
    }
  }

  #settle(upTo: number, written: boolean): void {
    const gone = this.#waiting.findIndex(({ seq }) => seq > upTo);
    for (const { settle } of this.#waiting.splice(0, gone < 0 ? this.#waiting.length : gone)) settle(written);
  }

  #fail(error: unknown): void {
    const problem = reasonOf(error);
    if (problem !== this.#problem) this.#options.log.error({ problem }, 'events are published without being on the disk first');
    this.#problem = problem;
    this.#anew = true;
  }

  /** Puts how many were lost into one event at the end of the queue. */
  #tellOfLost(): void {
    const lost = this.#lost;
    if (lost === undefined) return;
    this.#lost = undefined;
    const notice = this.#notice;
    const seen = notice === undefined || notice.seq <= this.#handedSeq || this.#queue.remove(notice.seq) === undefined;
    if (!seen) this.#gone.push(notice.seq);
    const [count, from] = seen ? [lost.count, lost.from] : [lost.count + notice.count, notice.from];
    const event = this.#options.stamp({ type: 'dropped', count, from, to: lost.to });
    const seq = this.#nextSeq++;
    this.#notice = { seq, count, from, to: lost.to };
    this.#take({ seq, value: valueOf(event.type), time: event.time, madeMs: this.#nowMs(), json: JSON.stringify(event) });
  }
}
