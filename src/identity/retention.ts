import type { Person } from './person.js';

/** So long after the end of their access people are forgotten. */
export type RetentionDays = number | 'never';

const dayMs = 86_400_000;

/**
 * When a person's data are to be deleted: at the time set for them, or so long after their access ended. Undefined for somebody
 * who may stay.
 *
 * @param retentionDays after `validUntil`
 */
export function deletionTime({ retainUntil, validUntil }: Person, retentionDays: RetentionDays): Date | undefined {
  const times = [
    ...(retainUntil === undefined ? [] : [Date.parse(retainUntil)]),
    ...(validUntil === undefined || retentionDays === 'never' ? [] : [Date.parse(validUntil) + retentionDays * dayMs]),
  ];
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

/** Those whose time has come. */
export function overdue(people: readonly Person[], now: Date, retentionDays: RetentionDays): readonly Person[] {
  return people.filter((person) => {
    const time = deletionTime(person, retentionDays);
    return time !== undefined && time <= now;
  });
}
