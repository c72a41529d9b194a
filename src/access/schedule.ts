import { Temporal } from 'temporal-polyfill';
import { hoursOn, type Schedule } from '../schedule-schema.js';

/**
 * Where a schedule's wall-clock hours lie in time.
 *
 * Hours begin and end when the wall clock reads their times. A time that the clock skips in spring counts as if it had not been
 * put forward yet (02:30 is 03:30 by the new time), a time that comes twice in autumn counts when it comes first: RFC 5545
 * clause 3.3.5, and Temporal's `compatible`. So the door never opens twice for one entry, and never stays open for the repeated hour
 * after an end. Hours that would end before they began do not take place on that date.
 */
interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Weekly hours without holidays change within this many days, or never. */
const WEEK_AND_A_DAY = 8;

/**
 * Whether the schedule holds at an instant. The first instant of its hours belongs to them, the last one does not.
 * An invalid date is outside every schedule.
 */
export function isOpen(schedule: Schedule, at: Date): boolean {
  const atMs = at.getTime();
  if (Number.isNaN(atMs)) return false;
  const date = dateAt(schedule, atMs);
  // Yesterday's as well: a skipped time just before midnight lies in the next day.
  return [date.subtract({ days: 1 }), date]
    .flatMap((day) => stretchesOn(schedule, day))
    .some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}

/** The first instant after `at` at which `isOpen` changes; undefined when it never does. */
export function nextChange(schedule: Schedule, at: Date): Date | undefined {
  const atMs = at.getTime();
  if (Number.isNaN(atMs)) return undefined;
  const open = isOpen(schedule, at);
  for (const date of datesToLookAt(schedule, dateAt(schedule, atMs))) {
    const next = stretchesOn(schedule, date)
      .flatMap(({ fromMs, toMs }) => [fromMs, toMs])
      .filter((ms) => ms > atMs)
      .sort((a, b) => a - b)
      .map((ms) => new Date(ms))
      .find((instant) => isOpen(schedule, instant) !== open);
    if (next) return next;
  }
  return undefined;
}

/** The days after `today` on which something may change: the coming week, and the week around each holiday to come. */
function datesToLookAt({ holidays }: Schedule, today: Temporal.PlainDate): Temporal.PlainDate[] {
  const yesterday = today.subtract({ days: 1 });
  const beginnings = [
    yesterday,
    ...holidays
      .map(({ date }) => Temporal.PlainDate.from(date).subtract({ days: 1 }))
      .filter((date) => Temporal.PlainDate.compare(date, yesterday) > 0),
  ];
  const dates = beginnings.flatMap((first) => Array.from({ length: WEEK_AND_A_DAY + 1 }, (_, days) => first.add({ days })));
  const distinct = new Map(dates.map((date) => [date.toString(), date]));
  return [...distinct.values()].sort((a, b) => Temporal.PlainDate.compare(a, b));
}

function stretchesOn(schedule: Schedule, date: Temporal.PlainDate): Stretch[] {
  const instant = (minute: number): number => {
    const day = minute < 1440 ? date : date.add({ days: 1 });
    const plainTime = Temporal.PlainTime.from({ hour: Math.floor(minute / 60) % 24, minute: minute % 60 });
    return day.toZonedDateTime({ timeZone: schedule.timeZone, plainTime }).epochMilliseconds;
  };
  return hoursOn(schedule, date.toString())
    .map(({ fromMinute, toMinute }) => ({ fromMs: instant(fromMinute), toMs: instant(toMinute) }))
    .filter(({ fromMs, toMs }) => fromMs < toMs);
}

function dateAt({ timeZone }: Schedule, atMs: number): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timeZone).toPlainDate();
}
