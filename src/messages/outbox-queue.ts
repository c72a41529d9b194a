import { EVENT_VALUES, type EventValue } from './event-value.js';

/** An event that waits for the broker. */
export interface Entry {
  /** Its place in the order of making. */
  readonly seq: number;
  readonly value: EventValue;
  /** ISO 8601: when it happened, as the event says. */
  readonly time: string;
  /** On the clock of the outbox, which stands still while the door does: milliseconds. */
  readonly madeMs: number;
  /** What is published. */
  readonly json: string;
}

export interface QueueLimits {
  readonly maxEvents: number;
  /** Of the payloads, in UTF-16 units: close to bytes, as events are nearly all ASCII. */
  readonly maxBytes: number;
  readonly maxAgeMs: number;
}

/**
 * The events that wait, in the order of making, within limits. A row for each value, so that the oldest of the least value
 * is found at once; all rows are read as one.
 */
export class OutboxQueue {
  readonly #limits: QueueLimits;
  readonly #rows: readonly Entry[][] = EVENT_VALUES.map(() => []);
  #bytes = 0;
  #count = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes an entry that is newer than all before it, and returns those that had to go for it, perhaps itself. */
  add(entry: Entry): Entry[] {
    this.#row(entry.value).push(entry);
    this.#count++;
    this.#bytes += entry.json.length;
    const gone: Entry[] = [];
    while (this.#count > this.#limits.maxEvents || this.#bytes > this.#limits.maxBytes) {
      const least = this.#rows.find((row) => row.length > 0);
      if (least === undefined) break;
      gone.push(this.#removeAt(least, 0));
    }
    return gone;
  }

  /** The oldest entry with a number above `seq`. */
  after(seq: number): Entry | undefined {
    let next: Entry | undefined;
    for (const row of this.#rows) {
      const candidate = row.at(firstAfter(row, seq));
      if (candidate && (next === undefined || candidate.seq < next.seq)) next = candidate;
    }
    return next;
  }

  /** Takes out the entry with this number; undefined where it has gone already. */
  remove(seq: number): Entry | undefined {
    for (const row of this.#rows) {
      const index = firstAfter(row, seq - 1);
      if (row[index]?.seq === seq) return this.#removeAt(row, index);
    }
    return undefined;
  }

  /** Takes out the entries that have waited for longer than the limit. */
  expire(nowMs: number): Entry[] {
    const gone: Entry[] = [];
    for (const row of this.#rows) {
      while (row[0] && nowMs - row[0].madeMs > this.#limits.maxAgeMs) gone.push(this.#removeAt(row, 0));
    }
    return gone.sort((a, b) => a.seq - b.seq);
  }

  /** Every entry in the order of making. */
  *entries(): Generator<Entry> {
    for (let entry = this.after(-1); entry; entry = this.after(entry.seq)) yield entry;
  }

  #row(value: EventValue): Entry[] {
    return this.#rows[value] ?? [];
  }

  #removeAt(row: Entry[], index: number): Entry {
    const [entry] = row.splice(index, 1) as [Entry];
    this.#count--;
    this.#bytes -= entry.json.length;
    return entry;
  }
}

/** The index of the first entry with a number above `seq`, in a row sorted by number. */
function firstAfter(row: readonly Entry[], seq: number): number {
  let low = 0;
  let high = row.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (row[middle].seq > seq) high = middle;
    else low = middle + 1;
  }
  return low;
}
