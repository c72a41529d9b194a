import type { Entry } from './outbox-queue.js';

/** What a journal remembers between two runs of the door. */
export interface Remembered {
  /** Those that still wait, in the order of making. */
  readonly entries: readonly Entry[];
  /** Above every number ever used. */
  readonly nextSeq: number;
  /** Where the clock of the outbox stood at the last write, in milliseconds. */
  readonly clockMs: number;
  /** Lines that could not be read: a torn end after a kill is one, more are damage. */
  readonly unreadable: number;
}

/** The port through which the outbox remembers. One call at a time; {@link Outbox} sees to that. */
export interface Journal {
  /** Reads what the last run left. The first write after it is a {@link replace}. */
  open(): Promise<Remembered>;
  /** Resolves when `added` is on the disk for good; that `gone` is forgotten may wait, as sending twice is allowed. */
  write(added: readonly Entry[], gone: readonly number[], clockMs: number): Promise<void>;
  /** Replaces all that was written by `entries`, or changes nothing. */
  replace(entries: readonly Entry[], clockMs: number): Promise<void>;
  /** Deletes what could not be read at the last start and was kept: it may hold those who are to be forgotten. */
  dropUnread(): Promise<void>;
  /** How much it holds, dead records included. */
  readonly bytes: number;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Remembers nothing: for a door without a disk, and for tests. */
export class NoJournal implements Journal {
  readonly bytes = 0;

  open(): Promise<Remembered> {
    return Promise.resolve({ entries: [], nextSeq: 1, clockMs: 0, unreadable: 0 });
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  replace(): Promise<void> {
    return Promise.resolve();
  }

  dropUnread(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
