import { crc32 } from 'node:zlib';
import type { DoorEvent } from '../events.js';
import { valueOf } from './event-value.js';
import type { Remembered } from './journal.js';
import type { Entry } from './outbox-queue.js';

/**
 * The journal's lines: a CRC-32 in eight hexadecimal digits, a space, JSON, a newline. JSON holds no newline, so that a line
 * that was torn or damaged is known and the next one is found.
 */
export const HEADER = line('{"facelatchOutbox":1}');

type Record =
  | { readonly seq: number; readonly madeMs: number; readonly event: DoorEvent }
  | { readonly gone: readonly number[]; readonly clockMs: number };

export function lineOf(entry: Entry): string {
  // The event's own text is kept, not made anew.
  return line(`{"seq":${entry.seq},"madeMs":${Math.round(entry.madeMs)},"event":${entry.json}}`);
}

/** These entries need not be sent any more; empty where only the clock is to be remembered. */
export function goneLine(gone: readonly number[], clockMs: number): string {
  return line(JSON.stringify({ gone, clockMs: Math.round(clockMs) }));
}

/** What the lines say in the end. A line that cannot be read is passed over and counted. */
export function readLines(text: string): Remembered {
  const live = new Map<number, Entry>();
  let nextSeq = 1;
  let clockMs = 0;
  let unreadable = 0;
  for (const content of text.split('\n')) {
    if (content === '') continue;
    const record = parse(content);
    if (record === undefined) {
      unreadable++;
    } else if ('event' in record) {
      const { seq, madeMs, event } = record;
      live.set(seq, { seq, madeMs, value: valueOf(event.type), time: event.time, json: JSON.stringify(event) });
      nextSeq = Math.max(nextSeq, seq + 1);
      clockMs = Math.max(clockMs, madeMs);
    } else if ('gone' in record) {
      for (const seq of record.gone) live.delete(seq);
      nextSeq = Math.max(nextSeq, ...record.gone.map((seq) => seq + 1));
      clockMs = Math.max(clockMs, record.clockMs);
    }
  }
  const entries = [...live.values()].sort((a, b) => a.seq - b.seq);
  return { entries, nextSeq, clockMs, unreadable };
}

function line(json: string): string {
  return `${checksum(json)} ${json}\n`;
}

function parse(content: string): Record | undefined {
  const json = content.slice(9);
  if (content.slice(0, 9) !== `${checksum(json)} `) return undefined;
  try {
    return JSON.parse(json) as Record;
  } catch {
    return undefined;
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
