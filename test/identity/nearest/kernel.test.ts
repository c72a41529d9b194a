import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { assembled, Kernel } from '../../../src/identity/nearest/kernel.js';
import { randomFrom } from '../people-fixtures.js';

describe('the kernel', () => {
  it('is what its source assembles to', async () => {
    const source = new URL('../../../src/identity/nearest/kernel.wat', import.meta.url);
    const module = (await wabt()).parseWat('kernel.wat', await readFile(source, 'utf8'), { simd: true });
    expect(assembled.toString('base64')).toBe(Buffer.from(module.toBinary({}).buffer).toString('base64'));
  });

  it.each([1, 31, 32, 33, 128, 512, 4096])('multiplies rows of %i values with a probe, also the largest values', (dimensions) => {
    const kernel = new Kernel(dimensions);
    const rows = 37;
    kernel.reserve(rows);
    const random = randomFrom(dimensions);
    const code = () => [127, -127, Math.round(random() * 254 - 127)][Math.floor(random() * 3)];
    for (let i = 0; i < dimensions; i++) kernel.probe[i] = code();
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < dimensions; i++) kernel.codes[row * kernel.width + i] = row === 0 ? kernel.probe[i] : code();
    const dots = [...kernel.scan(0, 20).subarray(0, 20), ...kernel.scan(20, 17).subarray(0, 17)];
    const expected = Array.from({ length: rows }, (_, row) =>
      kernel.probe.reduce((sum, value, i) => sum + value * kernel.codes[row * kernel.width + i], 0),
    );
    expect(dots).toEqual(expected);
  });
});
