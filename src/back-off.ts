export interface BackOffLimits {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * How long to wait before trying again: doubled after each failure, within the limits. The upper half is left to chance, so
 * that the doors of a house do not all return to their broker or camera server in the same instant after a power cut.
 * @param failures how many attempts in a row have failed before this one, from 0
 * @param random 0..1, evenly distributed
 * @returns milliseconds between minMs and maxMs
 */
export function backOffMs(failures: number, { minMs, maxMs }: BackOffLimits, random: () => number): number {
  const most = Math.min(Math.max(minMs, maxMs), minMs * 2 ** (failures + 1));
  const least = Math.max(minMs, most / 2);
  return least + random() * (most - least);
}
