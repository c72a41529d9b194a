import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileName, listFiles, readHead } from './audit-files.js';
import { follows, genesis, parseLine, segmentsOf, sha256, type AuditLine, type Link, type Segment } from './audit-line.js';

/** Where a log that is opened again goes on. */
export interface Tail {
  /** What the next line follows. */
  readonly last: Link;
  /** The file to append to; it may not be there yet. */
  readonly name: string;
  readonly bytes: number;
  /** When its first line was written. */
  readonly begun: string | undefined;
  /** The file does not end with a newline. */
  readonly cut: boolean;
  /** A power cut left what is not a line after `last`: the next line notes it. */
  readonly torn?: { readonly bytes: number; readonly sha256: string };
  /** What was recorded for good is not there, or is not what it was: nothing is mended, verification finds it. */
  readonly damage?: string;
}

/**
 * Finds the end of the log. What follows the last chained line is what a power cut left of lines that were not yet durable, as
 * long as the head does not say that they were.
 *
 * @throws the file system's error
 */
export async function readTail(folder: string): Promise<Tail> {
  const recorded = await readHead(folder);
  const head = typeof recorded === 'object' ? recorded : genesis;
  const { name, file, before } = await lastFile(folder);
  const end = endOf(file, before);
  const rest = file.subarray(end.offset);
  const at = {
    name: name ?? fileName(head.seq + 1),
    bytes: file.length,
    begun: end.begun,
    cut: rest.length > 0 && rest.at(-1) !== 10,
  };
  if (end.last.seq < head.seq) {
    const damage = `lines ${end.last.seq + 1} to ${head.seq} are missing or changed`;
    // The gap stays in the numbers.
    return { ...at, last: head, damage };
  }
  if (recorded === 'damaged') return { ...at, last: end.last, damage: 'head.json is damaged' };
  return { ...at, last: end.last, ...(rest.length > 0 && { torn: { bytes: rest.length, sha256: sha256(rest) } }) };
}

/** The file to append to, and the line before it. One that a power cut left empty is still the last. */
async function lastFile(folder: string): Promise<{ name: string | undefined; file: Buffer; before: Link }> {
  const names = await listFiles(folder);
  const contents = await Promise.all(names.slice(-2).map((name) => readFile(join(folder, name))));
  const file = contents.at(-1) ?? Buffer.alloc(0);
  const earlier = contents.length === 2 ? endOf(contents[0], genesis).last : genesis;
  return { name: names.at(-1), file, before: earlier };
}

interface End {
  /** The last line that the one before it vouches for. */
  readonly last: Link;
  /** Behind it. */
  readonly offset: number;
  /** When the first line was written. */
  readonly begun: string | undefined;
}

/** @param before the line that the first one should follow; whether it does is for verification to find out */
function endOf(file: Buffer, before: Link): End {
  let end: End = { last: before, offset: 0, begun: undefined };
  const segments = segmentsOf(file);
  for (let i = 0; i < segments.length; i++) {
    const { last } = end;
    const line = wholeLine(segments[i]);
    if (line && (i === 0 || follows(line, last))) {
      end = after(segments[i], line, end);
      continue;
    }
    // Torn by an earlier power cut: the line that notes it follows the last good one.
    const noted = segments.findIndex((later, j) => j > i && noteOf(later, last) !== undefined);
    const note = noted < 0 ? undefined : noteOf(segments[noted], last);
    if (!note) return end;
    end = after(segments[noted], note, end);
    i = noted;
  }
  return end;
}

function after({ bytes, offset }: Segment, { seq, time }: AuditLine, { begun }: End): End {
  return { last: { seq, hash: sha256(bytes) }, offset: offset + bytes.length + 1, begun: begun ?? time };
}

/** The line that notes what was torn after `last`, if this is it. */
export function noteOf(segment: Segment, last: Link): AuditLine | undefined {
  const line = wholeLine(segment);
  return line?.type === 'torn' && follows(line, last) ? line : undefined;
}

function wholeLine({ bytes, whole }: Segment): AuditLine | undefined {
  return whole ? parseLine(bytes) : undefined;
}
