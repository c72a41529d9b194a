import { crc32 } from 'node:zlib';
import type { DoorEvent } from '../events.js';
import { valueOf } from './event-value.js';
import { sealHeaderSchema, type Seal, type SealHeader } from './journal-seal.js';
import type { Remembered } from './journal.js';
import type { Entry } from './outbox-queue.js';

/**
 * The journal's lines: a CRC-32 in eight hexadecimal digits, a space, JSON, a newline. JSON holds no newline, so that a line
 * that was torn or damaged is known and the next one is found. Where there is a seal, events are sealed, in base64; what is
 * gone is only numbers.
 */
export function headerLine(seal: Seal | undefined): string {
  return line(JSON.stringify(seal ? seal.header : { facelatchOutbox: 1 }));
}

/** How the journal is sealed; undefined where it is not. */
export function sealHeaderOf(text: string): SealHeader | undefined {
  return sealHeaderSchema.safeParse(parse(text.split('\n', 1)[0], undefined)).data;
}

type Record =
  | { readonly seq: number; readonly madeMs: number; readonly event: DoorEvent }
  | { readonly gone: readonly number[]; readonly clockMs: number };

export function lineOf(entry: Entry, seal?: Seal): string {
  // The event's own text is kept, not made anew.
  const json = `{"seq":${entry.seq},"madeMs":${Math.round(entry.madeMs)},"event":${entry.json}}`;
  return line(seal ? seal.seal(json) : json);
}

/** These entries need not be sent any more; empty where only the clock is to be remembered. */
export function goneLine(gone: readonly number[], clockMs: number): string {
  return line(JSON.stringify({ gone, clockMs: Math.round(clockMs) }));
}

/** What the lines say in the end. A line that cannot be read is passed over and counted. */
export function readLines(text: string, seal?: Seal): Remembered {
  const live = new Map<number, Entry>();
  let nextSeq = 1;
  let clockMs = 0;
  let unreadable = 0;
  for (const content of text.split('\n')) {
    if (content === '') continue;
    const record = parse(content, seal);
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

function line(text: string): string {
  return `${checksum(text)} ${text}\n`;
}

function parse(content: string, seal: Seal | undefined): Record | undefined {
  const text = content.slice(9);
  if (content.slice(0, 9) !== `${checksum(text)} `) return undefined;
  // Base64 has no brace.
  const json = text.startsWith('{') ? text : seal?.open(text);
  if (json === undefined) return undefined;
  try {
    return JSON.parse(json) as Record;
  } catch {
    return undefined;
  }
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0');
}
