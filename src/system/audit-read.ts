import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from './audit-files.js';
import { parseLine, segmentsOf, type AuditLine } from './audit-line.js';

/** The lines of the log in their order, file by file; what is no line is passed over (`facelatch audit verify` finds it). */
export async function* readAudit(folder: string): AsyncGenerator<AuditLine, void, void> {
  for (const name of await listFiles(folder)) yield* linesOf(await readFile(join(folder, name)));
}

/** The last line of one of these types; undefined where there is none. */
export async function findLast(folder: string, types: readonly string[]): Promise<AuditLine | undefined> {
  for (const name of (await listFiles(folder)).reverse()) {
    const found = linesOf(await readFile(join(folder, name))).findLast(({ type }) => types.includes(type));
    if (found) return found;
  }
  return undefined;
}

function linesOf(file: Buffer): AuditLine[] {
  return segmentsOf(file).flatMap(({ bytes }) => parseLine(bytes) ?? []);
}
