import type { Command } from 'commander';
import { Temporal } from 'temporal-polyfill';
import { normaliseCard } from '../access/card-reader/card-reader.js';
import type { Config } from '../config.js';
import { fault } from '../errors.js';
import type { People, PersonFields } from '../identity/people.js';
import type { Person } from '../identity/person.js';
import { scheduleNamed } from '../schedule-schema.js';
import type { Context } from './context.js';
import { table } from './output.js';
import type { Run } from './run-command.js';

/** As commander leaves them: `false` for --no-..., an empty text for an empty value. */
interface Options {
  readonly card?: readonly string[] | false;
  readonly validFrom?: string | false;
  readonly validUntil?: string | false;
  readonly schedule?: string | false;
}

/** people set: when somebody may enter, and with which cards. */
export function registerPeopleSet(people: Command, run: Run): void {
  people
    .command('set')
    .argument('<name>', 'name or id')
    .description("set a person's cards, dates and schedule; an empty value, or --no-..., takes one away")
    .option('--card <id...>', 'all cards of the person, as a reader sends them or as they are printed')
    .option('--no-card')
    .option(
      '--valid-from <time>',
      'access begins: a date, or a date with a time (2026-01-05, 2026-01-05T08:00, 2026-01-05T08:00Z)',
    )
    .option('--no-valid-from')
    .option('--valid-until <time>', 'access ends; a date is the last day')
    .option('--no-valid-until')
    .option('--schedule <name>', 'access during the hours of this schedule of the configuration')
    .option('--no-schedule')
    .action(run(set));
}

/** The rows that say when a person may enter, for people. */
export function permissions({ cards, validFrom, validUntil, schedule }: Person): [string, string][] {
  return [
    ['cards', cards.join(', ') || 'none'],
    [
      'valid',
      `${validFrom === undefined ? 'at once' : `from ${validFrom}`}, ${validUntil === undefined ? 'for good' : `until ${validUntil}`}`,
    ],
    ['schedule', schedule ?? 'always'],
  ];
}

async function set(context: Context, name: string, options: Options): Promise<number> {
  const people = await context.people();
  const { id } = people.get(name);
  const person = await people.update(id, fieldsOf(options, people.get(id), people, context.config));
  const { templates, ...rest } = person;
  context.print({ ...rest, templates: templates.length }, `${person.name}\n${table(permissions(person))}`);
  return 0;
}

function fieldsOf(options: Options, person: Person, people: People, config: Config): PersonFields {
  const { card, validFrom, validUntil, schedule } = options;
  const fields: PersonFields = {
    ...(card !== undefined && { cards: cardsOf(card || [], person, people) }),
    ...(validFrom !== undefined && { validFrom: instant(validFrom, 'begins') }),
    ...(validUntil !== undefined && { validUntil: instant(validUntil, 'ends') }),
    ...(schedule !== undefined && { schedule: schedule || null }),
  };
  if (Object.keys(fields).length === 0) {
    throw fault('USAGE', { problem: 'expected --card, --valid-from, --valid-until or --schedule, received none of them' });
  }
  if (schedule && !scheduleNamed(config.schedules, schedule)) {
    throw fault('SCHEDULE_UNKNOWN', { people: [`"${schedule}" of ${person.name}`], known: Object.keys(config.schedules) });
  }
  return fields;
}

/** As readers send them, so that one card written in two ways is one. */
function cardsOf(given: readonly string[], { id }: Person, people: People): string[] {
  return given
    .filter((card) => card !== '')
    .map((card) => {
      const cardId = normaliseCard(card);
      if (cardId === undefined) {
        throw fault('USAGE', { problem: `expected a card id of 4 to 64 letters and digits, received "${card}"` });
      }
      const holder = people.all().find((other) => other.id !== id && other.cards.some((held) => normaliseCard(held) === cardId));
      if (holder) throw fault('PERSON_CARD_TAKEN', { card, name: holder.name });
      return cardId;
    });
}

/** ISO 8601 in UTC. Without a zone the machine's own is meant; a date alone begins with its first instant and ends with its last. */
function instant(given: string | false, edge: 'begins' | 'ends'): string | null {
  if (given === false || given === '') return null;
  const timeZone = Temporal.Now.timeZoneId();
  try {
    const time = /^\d{4}-\d\d-\d\d$/.test(given)
      ? Temporal.PlainDate.from(given)
          .add({ days: edge === 'ends' ? 1 : 0 })
          .toZonedDateTime(timeZone)
          .toInstant()
      : /(Z|[+-]\d\d:?\d\d)$/i.test(given)
        ? Temporal.Instant.from(given)
        : Temporal.PlainDateTime.from(given).toZonedDateTime(timeZone).toInstant();
    return time.toString({ fractionalSecondDigits: 3 });
  } catch {
    throw fault('USAGE', { problem: `expected a time such as 2026-01-05 or 2026-01-05T08:00, received "${given}"` });
  }
}
