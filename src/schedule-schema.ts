import * as z from 'zod';

/**
 * Weekly schedules as they stand in the configuration, and the contradictions in them that are refused at start.
 *
 * All times are those of the clock on the wall in the schedule's zone. Hours whose `to` is not after their `from` run past
 * midnight. A holiday replaces the whole day: only its own hours hold on its date, none unless given, and what would run into it
 * from the evening before ends at midnight.
 */
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

const DAY_MINUTES = 1440;
const limits = { schedules: 64, entries: 64, holidays: 400 };

/** Names are handed to people and typed by them. */
const scheduleName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'expected a name of 1 to 64 letters, digits, "-" and "_"');

const from = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'expected a time such as 08:00');
const to = z.string().regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, 'expected a time such as 18:00, at most 24:00');
const span = { from, to };

const isSpan = (hours: { from: string; to: string }) => hours.from !== hours.to;
const noSpan = { path: ['to'], error: 'expected another time than from; a whole day is 00:00 to 24:00' };

const weekly = z
  .strictObject({
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .refine((days) => new Set(days).size === days.length, 'expected each day once'),
    ...span,
  })
  .refine(isSpan, noSpan);

const holiday = z.strictObject({
  date: z.iso.date('expected a date such as 2026-12-25'),
  hours: z.array(z.strictObject(span).refine(isSpan, noSpan)).max(limits.entries).default([]),
});

const schedule = z
  .strictObject({
    timeZone: z.string().refine(isTimeZone, 'expected an IANA time zone such as Europe/Berlin'),
    hours: z.array(weekly).max(limits.entries),
    holidays: z.array(holiday).max(limits.holidays).default([]),
  })
  .superRefine(({ hours, holidays }, context) => {
    const week = hours.flatMap(({ days, ...times }, entry) =>
      days.map((day) => ({ ...minutesOf(times, DAYS.indexOf(day) * DAY_MINUTES), entry })),
    );
    for (const clash of overlaps(week, 7 * DAY_MINUTES)) {
      const message = `expected hours that do not overlap, but these overlap entry ${clash.other + 1}`;
      context.addIssue({ code: 'custom', path: ['hours', clash.entry, 'from'], input: hours[clash.entry].from, message });
    }
    for (const [index, { date, hours: own }] of holidays.entries()) {
      if (holidays.findIndex((other) => other.date === date) < index) {
        context.addIssue({ code: 'custom', path: ['holidays', index, 'date'], input: date, message: 'expected each date once' });
      }
      for (const clash of overlaps(own.map((times, entry) => ({ ...minutesOf(times, 0), entry })))) {
        const message = `expected hours that do not overlap, but these overlap entry ${clash.other + 1}`;
        const path = ['holidays', index, 'hours', clash.entry, 'from'];
        context.addIssue({ code: 'custom', path, input: own[clash.entry].from, message });
      }
    }
  });

export const schedulesSchema = z
  .record(scheduleName, schedule)
  .refine((all) => Object.keys(all).length <= limits.schedules, `expected at most ${limits.schedules} schedules`);

type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

export type Schedule = DeepReadonly<z.output<typeof schedule>>;
export type Schedules = Readonly<Record<string, Schedule>>;

/** The schedule of this name; never something that every object has. */
export function scheduleNamed(schedules: Schedules, name: string): Schedule | undefined {
  return Object.hasOwn(schedules, name) ? schedules[name] : undefined;
}

/** Minutes of one calendar date, from 0 to 1440; `to` is not among them. */
export interface Span {
  readonly fromMinute: number;
  readonly toMinute: number;
}

/** The hours of a calendar date (ISO, such as 2026-12-25) on its own clock, those that the evening before left to it included. */
export function hoursOn({ hours, holidays }: Pick<Schedule, 'hours' | 'holidays'>, date: string): Span[] {
  const beginningOn = (day: string) =>
    (holidays.find((holiday) => holiday.date === day)?.hours ?? hours.filter(({ days }) => days.includes(dayOf(day)))).map(
      (times) => minutesOf(times, 0),
    );
  const isHoliday = holidays.some((holiday) => holiday.date === date);
  const carried = isHoliday ? [] : beginningOn(dayBefore(date)).filter(({ toMinute }) => toMinute > DAY_MINUTES);
  return [
    ...carried.map(({ toMinute }) => ({ fromMinute: 0, toMinute: toMinute - DAY_MINUTES })),
    ...beginningOn(date).map(({ fromMinute, toMinute }) => ({ fromMinute, toMinute: Math.min(toMinute, DAY_MINUTES) })),
  ];
}

/**
 * When two schedules of one time zone hold at once, in words; undefined where they never do, or where their zones differ (then
 * the order of precedence in docs/access.md decides alone).
 */
export function meeting(a: Schedule, b: Schedule): string | undefined {
  if (a.timeZone !== b.timeZone) return undefined;
  const shared = (one: readonly Span[], other: readonly Span[]) =>
    one.some((x) => other.some((y) => x.fromMinute < y.toMinute && y.fromMinute < x.toMinute));
  const plain = [a, b].map(({ hours }) => ({ hours, holidays: [] }));
  // Any week does, since the pattern has no holidays; this one begins on a Monday.
  const day = DAYS.find((_, i) => shared(hoursOn(plain[0], `2024-01-0${i + 1}`), hoursOn(plain[1], `2024-01-0${i + 1}`)));
  const dates = [...a.holidays, ...b.holidays].map(({ date }) => date);
  const when = day ?? dates.find((date) => shared(hoursOn(a, date), hoursOn(b, date)));
  return when && `on ${when}`;
}

function minutesOf({ from, to }: { readonly from: string; readonly to: string }, offset: number): Span {
  const minute = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  const [fromMinute, toMinute] = [minute(from), minute(to)];
  return { fromMinute: offset + fromMinute, toMinute: offset + (toMinute > fromMinute ? toMinute : toMinute + DAY_MINUTES) };
}

/** Each entry that begins before an earlier one has ended; with `cycle` the last runs into the first. */
function overlaps(spans: readonly (Span & { entry: number })[], cycle?: number): { entry: number; other: number }[] {
  const again =
    cycle === undefined
      ? []
      : spans.map((span) => ({ ...span, fromMinute: span.fromMinute + cycle, toMinute: span.toMinute + cycle }));
  const sorted = [...spans, ...again].sort((a, b) => a.fromMinute - b.fromMinute || a.entry - b.entry);
  const found = new Map<number, number>();
  let reaching: (typeof sorted)[number] | undefined;
  for (const span of sorted) {
    if (reaching && span.fromMinute < reaching.toMinute) {
      const [first, second] = [reaching.entry, span.entry].sort((a, b) => a - b);
      found.set(second, first);
    }
    if (!reaching || span.toMinute > reaching.toMinute) reaching = span;
  }
  return [...found].map(([entry, other]) => ({ entry, other }));
}

/** UTC reckoning on the date alone: which zone it is meant in makes no difference to its day of the week. */
const noon = (date: string) => new Date(`${date}T12:00:00Z`);
const dayOf = (date: string) => DAYS[(noon(date).getUTCDay() + 6) % 7];
const dayBefore = (date: string) => new Date(noon(date).getTime() - 86_400_000).toISOString().slice(0, 10);

function isTimeZone(name: string): boolean {
  // Offsets such as +01:00 are time zones to Intl, but they know no summer time: surely not what was meant.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone.length > 0;
  } catch {
    return false;
  }
}
