/**
 * How long to wait before trying again, in milliseconds: the wait doubles from `minMs` to `maxMs` and lies by chance in the
 * upper half of that, so that a hundred doors do not return to a restarted broker in the same moment.
 *
 * @param failures how often it has failed in a row, at least 1
 * @param random 0..1
 */
export function backoffMs(failures: number, minMs: number, maxMs: number, random: number): number {
  const most = Math.min(maxMs, minMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(Math.max(minMs, most * (0.5 + random / 2)));
}
