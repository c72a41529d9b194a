import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpen, nextChange } from '../../src/access/schedule.js';
import { DAYS, schedulesSchema, type Schedule } from '../../src/schedule-schema.js';

type Hours = Schedule['hours'][number];
const everyDay = (from: string, to: string): Hours => ({ days: [...DAYS], from, to });
const inBerlin = (...hours: Hours[]): Schedule => ({ timeZone: 'Europe/Berlin', hours, holidays: [] });
const at = (time: string) => new Date(time);

/** The stretches of a schedule between two instants, as its two functions tell them. */
function stretches(schedule: Schedule, from: string, to: string): string[] {
  const changes: string[] = [];
  let open = isOpen(schedule, at(from));
  for (let next = nextChange(schedule, at(from)); next && next < at(to); next = nextChange(schedule, next)) {
    open = !open;
    changes.push(`${open ? 'open' : 'shut'} ${next.toISOString().slice(5, 16)}Z`);
  }
  return changes;
}

describe('a schedule', () => {
  const office = inBerlin({ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '18:00' });

  it('holds from its first minute up to, but not with, its last', () => {
    // A Monday in winter: Berlin is an hour ahead of UTC.
    expect(isOpen(office, at('2026-01-05T06:59:59.999Z'))).toBe(false);
    expect(isOpen(office, at('2026-01-05T07:00:00.000Z'))).toBe(true);
    expect(isOpen(office, at('2026-01-05T16:59:59.999Z'))).toBe(true);
    expect(isOpen(office, at('2026-01-05T17:00:00.000Z'))).toBe(false);
  });

  it('follows the summer time of its zone', () => {
    expect(isOpen(office, at('2026-07-06T06:30:00Z'))).toBe(true);
    expect(isOpen(office, at('2026-01-05T06:30:00Z'))).toBe(false);
  });

  it('knows the next change over a weekend', () => {
    expect(nextChange(office, at('2026-01-09T12:00:00Z'))).toEqual(at('2026-01-09T17:00:00Z'));
    expect(nextChange(office, at('2026-01-09T17:00:00Z'))).toEqual(at('2026-01-12T07:00:00Z'));
  });

  it('runs past midnight into the next day, and from Sunday into Monday', () => {
    const bar = inBerlin({ days: ['sat', 'sun'], from: '22:00', to: '03:00' });
    expect(stretches(bar, '2026-01-09T12:00:00Z', '2026-01-13T12:00:00Z')).toEqual([
      'open 01-10T21:00Z',
      'shut 01-11T02:00Z',
      'open 01-11T21:00Z',
      'shut 01-12T02:00Z',
    ]);
  });

  it('joins hours that touch, and whole days, into one stretch', () => {
    const guard = inBerlin({ days: ['fri'], from: '18:00', to: '24:00' }, { days: ['sat', 'sun'], from: '00:00', to: '24:00' });
    expect(stretches(guard, '2026-01-08T00:00:00Z', '2026-01-14T00:00:00Z')).toEqual(['open 01-09T17:00Z', 'shut 01-11T23:00Z']);
  });

  it('has no next change when it always or never holds', () => {
    expect(nextChange(inBerlin(everyDay('00:00', '24:00')), at('2026-01-05T12:00:00Z'))).toBeUndefined();
    expect(isOpen(inBerlin(everyDay('00:00', '24:00')), at('2026-03-29T01:00:00Z'))).toBe(true);
    expect(nextChange(inBerlin(), at('2026-01-05T12:00:00Z'))).toBeUndefined();
    expect(isOpen(inBerlin(), at('2026-01-05T12:00:00Z'))).toBe(false);
  });

  it('is shut at a time that is none', () => {
    expect(isOpen(inBerlin(everyDay('00:00', '24:00')), new Date(Number.NaN))).toBe(false);
    expect(nextChange(office, new Date(Number.NaN))).toBeUndefined();
  });
});

describe('a holiday', () => {
  it('closes its date from midnight to midnight, the rest of the night before included', () => {
    const night = { ...inBerlin(everyDay('22:00', '06:00')), holidays: [{ date: '2026-12-25', hours: [] }] };
    expect(stretches(night, '2026-12-24T12:00:00Z', '2026-12-27T12:00:00Z')).toEqual([
      'open 12-24T21:00Z',
      'shut 12-24T23:00Z',
      'open 12-26T21:00Z',
      'shut 12-27T05:00Z',
    ]);
  });

  it('has hours of its own, which may run past midnight', () => {
    const eve = {
      ...inBerlin(everyDay('08:00', '18:00')),
      holidays: [{ date: '2026-12-31', hours: [{ from: '20:00', to: '02:00' }] }],
    };
    expect(stretches(eve, '2026-12-31T00:00:00Z', '2027-01-01T12:00:00Z')).toEqual([
      'open 12-31T19:00Z',
      'shut 01-01T01:00Z',
      'open 01-01T07:00Z',
    ]);
  });

  it('is found however far away it is', () => {
    const once = { ...inBerlin(), holidays: [{ date: '2031-05-01', hours: [{ from: '10:00', to: '11:00' }] }] };
    expect(nextChange(once, at('2026-01-05T12:00:00Z'))).toEqual(at('2031-05-01T08:00:00Z'));
    expect(nextChange(once, at('2031-05-01T09:00:00Z'))).toBeUndefined();
  });

  it('closes many days in a row', () => {
    const dates = Array.from({ length: 20 }, (_, i) => ({ date: `2026-08-${String(i + 3).padStart(2, '0')}`, hours: [] }));
    const holidays = { ...inBerlin(everyDay('08:00', '18:00')), holidays: dates };
    expect(nextChange(holidays, at('2026-08-03T05:00:00Z'))).toEqual(at('2026-08-23T06:00:00Z'));
  });
});

describe('a schedule in the night when the clock is put forward (Berlin, 29 March 2026, 02:00 to 03:00)', () => {
  const night = (from: string, to: string) =>
    stretches(inBerlin(everyDay(from, to)), '2026-03-28T23:30:00Z', '2026-03-29T06:00:00Z');

  it('counts a skipped time as if the clock had not been put forward', () => {
    expect(night('02:30', '05:00')).toEqual(['open 03-29T01:30Z', 'shut 03-29T03:00Z']);
    expect(night('01:00', '02:30')).toEqual(['open 03-29T00:00Z', 'shut 03-29T01:30Z']);
    expect(night('02:15', '02:45')).toEqual(['open 03-29T01:15Z', 'shut 03-29T01:45Z']);
  });

  it('does not take place when it would end before it began', () => {
    expect(night('02:30', '03:15')).toEqual([]);
    expect(night('02:30', '03:30')).toEqual([]);
  });
});

describe('a schedule in the night when the clock is put back (Berlin, 25 October 2026, 03:00 to 02:00)', () => {
  const night = (from: string, to: string) =>
    stretches(inBerlin(everyDay(from, to)), '2026-10-24T22:30:00Z', '2026-10-25T06:00:00Z');

  it('opens once and stays shut in the repeated hour after its end', () => {
    expect(night('01:00', '02:30')).toEqual(['open 10-24T23:00Z', 'shut 10-25T00:30Z']);
    expect(night('02:15', '02:45')).toEqual(['open 10-25T00:15Z', 'shut 10-25T00:45Z']);
  });

  it('stays open through the repeated hour before its end', () => {
    expect(night('02:30', '04:00')).toEqual(['open 10-25T00:30Z', 'shut 10-25T03:00Z']);
  });
});

describe('a schedule in zones where the clock changes at midnight', () => {
  it('begins the day at its first minute where there is no midnight (Beirut, 29 March 2026)', () => {
    const beirut = { timeZone: 'Asia/Beirut', hours: [everyDay('00:00', '24:00')], holidays: [] };
    expect(isOpen(beirut, at('2026-03-28T22:00:00Z'))).toBe(true);
    expect(nextChange(beirut, at('2026-03-28T12:00:00Z'))).toBeUndefined();
  });

  it('keeps a holiday shut through both its midnights (Havana, 1 November 2026)', () => {
    const havana = {
      timeZone: 'America/Havana',
      hours: [everyDay('00:00', '24:00')],
      holidays: [{ date: '2026-11-01', hours: [] }],
    };
    expect(stretches(havana, '2026-10-31T12:00:00Z', '2026-11-03T12:00:00Z')).toEqual(['shut 11-01T04:00Z', 'open 11-02T05:00Z']);
  });
});

/** The obvious reading of the clock on the wall, right wherever the offset does not change nearby. */
function readsOpen(schedule: Schedule, instant: Date): boolean {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: schedule.timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(instant);
  const part = (type: string) => parts.find((one) => one.type === type)!.value;
  const day = DAYS.indexOf(part('weekday').toLowerCase() as (typeof DAYS)[number]);
  const time = `${part('hour')}:${part('minute')}`;
  return schedule.hours.some(({ days, from, to }) => {
    if (from < to) return days.includes(DAYS[day]) && from <= time && time < to;
    return (days.includes(DAYS[day]) && from <= time) || (days.includes(DAYS[(day + 6) % 7]) && time < to);
  });
}

const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia'];
const minute = fc.integer({ min: 0, max: 1439 });
const clockTime = (m: number) => `${String(Math.floor(m / 60)).padStart(2, '0')}:${String(m % 60).padStart(2, '0')}`;
const anySchedule = fc
  .record({
    timeZone: fc.constantFrom(...zones),
    hours: fc.array(
      fc
        .record({ days: fc.subarray([...DAYS], { minLength: 1 }), from: minute, to: minute })
        .filter(({ from, to }) => from !== to)
        .map(({ days, from, to }) => ({ days, from: clockTime(from), to: clockTime(to) })),
      { maxLength: 3 },
    ),
  })
  .map((fields): Schedule => ({ ...fields, holidays: [] }));
const anyInstant = fc.date({ min: at('2026-01-01T00:00:00Z'), max: at('2036-01-01T00:00:00Z'), noInvalidDate: true });

describe('every schedule', () => {
  const offset = (timeZone: string, instant: Date) =>
    new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' })
      .formatToParts(instant)
      .find(({ type }) => type === 'timeZoneName')!.value;

  it('reads as the clock on the wall where no clock is put forward or back within two days', () => {
    fc.assert(
      fc.property(anySchedule, anyInstant, (schedule, instant) => {
        const near = [-2, 0, 2].map((days) => offset(schedule.timeZone, new Date(instant.getTime() + days * 86_400_000)));
        fc.pre(new Set(near).size === 1);
        expect(isOpen(schedule, instant)).toBe(readsOpen(schedule, instant));
      }),
      { numRuns: 300 },
    );
  });

  it('changes at its next change and not before', () => {
    fc.assert(
      fc.property(anySchedule, anyInstant, fc.double({ min: 0, max: 1, noNaN: true }), (schedule, instant, between) => {
        const next = nextChange(schedule, instant);
        const open = isOpen(schedule, instant);
        const endMs = next?.getTime() ?? instant.getTime() + 8 * 86_400_000;
        const sample = new Date(Math.floor(instant.getTime() + between * (endMs - 1 - instant.getTime())));
        expect(isOpen(schedule, sample)).toBe(open);
        if (next) {
          expect(next > instant).toBe(true);
          expect(isOpen(schedule, next)).toBe(!open);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the schema of schedules', () => {
  const problems = (schedule: object) => {
    const result = schedulesSchema.safeParse({ office: { timeZone: 'Europe/Berlin', hours: [], ...schedule } });
    return result.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
  };

  it('takes hours past midnight, whole days and hours that touch', () => {
    expect(
      problems({
        hours: [
          { days: ['mon'], from: '22:00', to: '06:00' },
          { days: ['tue'], from: '06:00', to: '08:00' },
          { days: ['sun'], from: '00:00', to: '24:00' },
        ],
        holidays: [{ date: '2026-12-25' }, { date: '2026-12-24', hours: [{ from: '08:00', to: '12:00' }] }],
      }),
    ).toEqual([]);
  });

  it.each([
    ['times that are equal', [{ days: ['mon'], from: '08:00', to: '08:00' }], 'office.hours.0.to: expected another time'],
    ['a time that is none', [{ days: ['mon'], from: '8:00', to: '12:00' }], 'office.hours.0.from: expected a time'],
    [
      'hours that overlap',
      [
        { days: ['mon', 'tue'], from: '08:00', to: '12:00' },
        { days: ['tue'], from: '11:59', to: '14:00' },
      ],
      'office.hours.1.from: expected hours that do not overlap, but these overlap entry 1',
    ],
    [
      'a Sunday night that runs into Monday',
      [
        { days: ['mon'], from: '05:00', to: '08:00' },
        { days: ['sun'], from: '22:00', to: '06:00' },
      ],
      'office.hours.1.from: expected hours that do not overlap, but these overlap entry 1',
    ],
    [
      'hours that contain others',
      [
        { days: ['wed'], from: '00:00', to: '24:00' },
        { days: ['wed'], from: '08:00', to: '09:00' },
      ],
      'office.hours.1.from: expected hours that do not overlap',
    ],
  ])('refuses %s', (_, hours, problem) => {
    expect(problems({ hours })).toEqual([expect.stringContaining(problem)]);
  });

  it('refuses a day twice in one entry', () => {
    expect(problems({ hours: [{ days: ['mon', 'mon'], from: '08:00', to: '09:00' }] })).toContainEqual(
      'office.hours.0.days: expected each day once',
    );
  });

  it.each([
    ['Mars/Olympus', false],
    ['+01:00', false],
    ['', false],
    ['UTC', true],
    ['America/Argentina/Ushuaia', true],
  ])('knows whether %s is a time zone', (timeZone, known) => {
    expect(problems({ timeZone })).toHaveLength(known ? 0 : 1);
  });

  it('refuses a holiday that is listed twice, that is no date, or whose hours overlap', () => {
    expect(problems({ holidays: [{ date: '2026-12-25' }, { date: '2026-12-25' }] })).toEqual([
      'office.holidays.1.date: expected each date once',
    ]);
    expect(problems({ holidays: [{ date: '2026-02-30' }] })).toEqual([expect.stringContaining('office.holidays.0.date')]);
    const hours = [
      { from: '08:00', to: '12:00' },
      { from: '10:00', to: '11:00' },
    ];
    expect(problems({ holidays: [{ date: '2026-12-24', hours }] })).toEqual([
      expect.stringContaining('office.holidays.0.hours.1.from'),
    ]);
  });
});
