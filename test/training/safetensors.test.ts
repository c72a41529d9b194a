import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTensors, encodeTensors, readTensors, writeTensors } from '../../scripts/training/safetensors.js';

const file = {
  tensors: new Map([
    ['conv1/kernel', { shape: [2, 1, 3], values: Float32Array.of(1, -2, 3.5, 1e-30, 1e30, 0) }],
    ['λ/bias', { shape: [1], values: Float32Array.of(0.1) }],
    ['nothing', { shape: [0], values: new Float32Array() }],
  ]),
  metadata: { network: 'compact', note: 'für Ö' },
};

describe('safetensors', () => {
  it('gives back what was written, names and metadata in any script', () => {
    expect(decodeTensors(encodeTensors(file), 'here')).toEqual(file);
  });

  it('aligns the values to eight bytes behind a header whose length comes first', () => {
    const bytes = encodeTensors(file);
    const length = Number(bytes.readBigUInt64LE(0));
    expect(length % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + length))).toMatchObject({
      'conv1/kernel': { dtype: 'F32', shape: [2, 1, 3], data_offsets: [0, 24] },
      'λ/bias': { dtype: 'F32', shape: [1], data_offsets: [24, 28] },
    });
    expect(bytes.readFloatLE(8 + length + 8)).toBe(3.5);
  });

  it('refuses every file that was cut off', () => {
    const bytes = encodeTensors(file);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => decodeTensors(bytes.subarray(0, length), 'here')).toThrow(/expected a safetensors file .* at here/);
      }),
    );
  });

  it('refuses another type of values and shapes that do not fit', () => {
    const write = (header: object) => {
      const json = Buffer.from(JSON.stringify(header));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(json.length));
      return Buffer.concat([length, json, Buffer.alloc(8)]);
    };
    expect(() => decodeTensors(write({ a: { dtype: 'F16', shape: [4], data_offsets: [0, 8] } }), 'here')).toThrow(/received/);
    expect(() => decodeTensors(write({ a: { dtype: 'F32', shape: [3], data_offsets: [0, 8] } }), 'here')).toThrow(
      /values of "a"/,
    );
  });

  it('writes files whole, and leaves nothing else in the folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    try {
      const path = join(folder, 'checkpoint.safetensors');
      await writeTensors(path, file);
      await writeTensors(path, { ...file, metadata: { network: 'facenet' } });
      expect(await readTensors(path)).toEqual({ ...file, metadata: { network: 'facenet' } });
      expect(await readdir(folder)).toEqual(['checkpoint.safetensors']);
      await expect(writeTensors(join(folder, 'missing', 'file'), file)).rejects.toThrow('ENOENT');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
