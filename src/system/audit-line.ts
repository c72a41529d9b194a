import { createHash } from 'node:crypto';

/**
 * A line of the audit log: JSON, whose `prev` is the SHA-256 of the line before it (its bytes, without the newline). So no line can
 * be changed, taken out, put in or moved without every later one being written anew.
 */
export interface AuditLine extends AuditEntry {
  /** 1 for the first line ever, one more for each. */
  readonly seq: number;
  readonly prev: string;
}

/** What is to be recorded: plain values only. */
export interface AuditEntry {
  /** ISO 8601, UTC; what the wall clock read. The order is that of `seq`. */
  readonly time: string;
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A line by its number and its hash: the next line's `prev`. */
export interface Link {
  readonly seq: number;
  readonly hash: string;
}

/** What the first line ever follows. */
export const genesis: Link = { seq: 0, hash: '0'.repeat(64) };

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The line that records `entry` after `last`, with its newline. */
export function lineAfter(last: Link, { time, type, ...fields }: AuditEntry): { text: string; link: Link } {
  const seq = last.seq + 1;
  const line = JSON.stringify({ seq, prev: last.hash, time, type, ...fields });
  return { text: `${line}\n`, link: { seq, hash: sha256(line) } };
}

/** @param bytes without the newline. @returns undefined for what is no line of an audit log */
export function parseLine(bytes: Uint8Array): AuditLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { seq, prev, time, type } = value as Record<string, unknown>;
  const whole = Number.isSafeInteger(seq) && typeof prev === 'string' && typeof time === 'string' && typeof type === 'string';
  return whole ? (value as AuditLine) : undefined;
}

/** Whether `line` follows `last`, and not merely a line of its number. */
export function follows(line: AuditLine, last: Link): boolean {
  return line.seq === last.seq + 1 && line.prev === last.hash;
}

/** One line of a file: where it stands, and whether its newline is there. */
export interface Segment {
  /** Without the newline. */
  readonly bytes: Buffer;
  readonly offset: number;
  readonly whole: boolean;
}

export function segmentsOf(file: Buffer): Segment[] {
  const segments: Segment[] = [];
  for (let offset = 0; offset < file.length;) {
    const newline = file.indexOf(10, offset);
    const end = newline < 0 ? file.length : newline;
    segments.push({ bytes: file.subarray(offset, end), offset, whole: newline >= 0 });
    offset = end + 1;
  }
  return segments;
}
