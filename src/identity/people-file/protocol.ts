import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { basename, dirname } from 'node:path';
import * as z from 'zod';
import { operationRecord, operationRecordSchema, type Operation } from './operations.js';

/**
 * How one process asks the writer of a people file for a change: one JSON line each way through a Unix socket beside the
 * file, mode 0600. What it carries is as secret as the file, and never leaves memory.
 */
export const protocolLimits = {
  /** A person with ten templates takes 30 kB; a backup of 10,000 people that is restored 31 MB. */
  lineBytes: 64 * 2 ** 20,
  connections: 64,
  /** A connection that stays silent for so long is closed. */
  idleMs: 30_000,
};

export interface ChangeRequest {
  /** Done all together or not at all. */
  readonly operations: readonly Operation[];
  /** Sent before, to a writer that did not answer. */
  readonly repeated: boolean;
}

export const requestSchema = z.strictObject({
  v: z.literal(1),
  operations: z.array(operationRecordSchema).min(1).max(20_000),
  repeated: z.boolean(),
});

export const answerSchema = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true) }),
  z.strictObject({ ok: z.literal(false), code: z.string(), message: z.string() }),
]);
export type Answer = z.infer<typeof answerSchema>;

export function requestLine({ operations, repeated }: ChangeRequest): string {
  return `${JSON.stringify({ v: 1, operations: operations.map(operationRecord), repeated })}\n`;
}

/** Calls back once: with the first line, or with undefined when the socket ended, failed or sent too much before it. */
export function onFirstLine(socket: Socket, callback: (line: string | undefined) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let done = false;
  const finish = (line: string | undefined) => {
    if (done) return;
    done = true;
    callback(line);
  };
  socket.on('data', (chunk: Buffer) => {
    if (done) return;
    bytes += chunk.length;
    const end = chunk.indexOf(0x0a);
    chunks.push(end < 0 ? chunk : chunk.subarray(0, end));
    if (end >= 0) finish(Buffer.concat(chunks).toString('utf8'));
    else if (bytes > protocolLimits.lineBytes) finish(undefined);
  });
  socket.on('error', () => finish(undefined));
  socket.on('close', () => finish(undefined));
}

/** The name of the socket and how to reach it. */
export interface SocketPath {
  readonly path: string;
  /** Only now may the path stop working. Safe to call twice. */
  release(): Promise<void>;
}

/**
 * Linux keeps a socket's path in 108 bytes (unix(7)). A longer one is reached through an open descriptor of its folder, which
 * has a short name under /proc: the same socket, seen by both sides whatever their /tmp is.
 */
export async function socketPath(file: string, longestBytes = 100): Promise<SocketPath> {
  const path = `${file}.sock`;
  if (Buffer.byteLength(path) <= longestBytes) return { path, release: () => Promise.resolve() };
  const plain = basename(path);
  const short = `.${createHash('sha256').update(plain).digest('hex').slice(0, 16)}.sock`;
  const folder = await open(dirname(file), 'r');
  let released: Promise<void> | undefined;
  return {
    path: `/proc/self/fd/${folder.fd}/${Buffer.byteLength(plain) <= 70 ? plain : short}`,
    release: () => (released ??= folder.close()),
  };
}
