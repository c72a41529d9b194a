import { InvalidArgumentError } from 'commander';

/** Parsers of what stands on the command line; commander adds which option or argument it was. */

const dateOrTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;

/** A day (its first moment, UTC) or a time as ISO 8601 in UTC. */
export function parseTime(given: string): string {
  const time = dateOrTime.test(given) ? new Date(given) : undefined;
  if (!time || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('Expected a day or a time such as 2026-03-31 or 2026-03-31T18:00:00Z.');
  }
  return time.toISOString();
}

/** A whole number of at least one. */
export function parseCount(given: string): number {
  const count = Number(given);
  if (!/^\d+$/.test(given) || count < 1) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return count;
}

/** As {@link parseTime}, or "none", which takes a time away. Commander would make null an empty text. */
export function parseTimeOrNone(given: string): string {
  return given === 'none' ? given : parseTime(given);
}
