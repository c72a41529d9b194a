import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { writeWhole } from '../../src/write-whole.js';
import type { StoredTensor, StoredTensors } from './named-weights.js';

/*
 * The safetensors format (github.com/huggingface/safetensors), float32 only: eight bytes with the header's length, the
 * header as JSON, the values. Python reads the same files with one line.
 */
const METADATA = '__metadata__';
const BYTES_OF_LENGTH = 8;
// The format's own limit.
const MAX_HEADER_BYTES = 100_000_000;

const headerSchema = z.record(
  z.string(),
  z.union([
    z.object({
      dtype: z.literal('F32'),
      shape: z.array(z.number().int().nonnegative()),
      data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
    }),
    z.record(z.string(), z.string()),
  ]),
);

export interface TensorFile {
  readonly tensors: StoredTensors;
  readonly metadata: Readonly<Partial<Record<string, string>>>;
}

export function encodeTensors({ tensors, metadata }: TensorFile): Buffer {
  let end = 0;
  const entries = [...tensors].map(([name, { shape, values }]) => {
    const begin = end;
    end += values.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }] as const;
  });
  const json = Buffer.from(JSON.stringify({ [METADATA]: metadata, ...Object.fromEntries(entries) }));
  // Spaces at the end align the values, as the format asks.
  const header = Buffer.concat([json, Buffer.alloc(-json.length & 7, ' ')]);
  const length = Buffer.alloc(BYTES_OF_LENGTH);
  length.writeBigUInt64LE(BigInt(header.length));
  const values = [...tensors.values()].map((tensor) =>
    Buffer.from(tensor.values.buffer, tensor.values.byteOffset, tensor.values.byteLength),
  );
  return Buffer.concat([length, header, ...values]);
}

/** Throws when the bytes are not a whole file of this format. */
export function decodeTensors(bytes: Buffer, source: string): TensorFile {
  const broken = (reason: string) => new Error(`expected a safetensors file of float32 values at ${source}, received: ${reason}`);
  if (bytes.length < BYTES_OF_LENGTH) throw broken(`only ${bytes.length} bytes`);
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const start = BYTES_OF_LENGTH + headerBytes;
  if (headerBytes > MAX_HEADER_BYTES || start > bytes.length) throw broken('a header longer than the file');

  const header = parseHeader(bytes.toString('utf8', BYTES_OF_LENGTH, start), broken);
  const tensors = new Map<string, StoredTensor>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === METADATA) {
      metadata = entry as Record<string, string>;
      continue;
    }
    const { shape, data_offsets: offsets } = entry as { shape: number[]; data_offsets: [number, number] };
    const [begin, end] = offsets;
    const count = shape.reduce((a, b) => a * b, 1);
    if (end - begin !== 4 * count || start + end > bytes.length)
      throw broken(`values of "${name}" that do not fit its shape or the file`);
    // A copy: its own buffer is aligned, the file's need not be.
    const values = new Float32Array(count);
    bytes.copy(Buffer.from(values.buffer), 0, start + begin, start + end);
    tensors.set(name, { shape, values });
  }
  return { tensors, metadata };
}

function parseHeader(json: string, broken: (reason: string) => Error): z.output<typeof headerSchema> {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch {
    throw broken('a header that is not JSON');
  }
  const parsed = headerSchema.safeParse(content);
  if (!parsed.success) throw broken(z.prettifyError(parsed.error));
  return parsed.data;
}

export async function readTensors(path: string): Promise<TensorFile> {
  return decodeTensors(await readFile(path), path);
}

/** Whole or not at all: whoever is killed while writing leaves the file before. */
export async function writeTensors(path: string, file: TensorFile): Promise<void> {
  await writeWhole(path, encodeTensors(file));
}
