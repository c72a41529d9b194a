import * as z from 'zod';
import { fault } from '../../errors.js';
import { claimName, type Person, type Template } from '../person.js';
import { withoutNearDuplicates } from './diversity.js';
import { freeze } from './payload.js';
import { differences, Roster, type Change } from './roster.js';
import { fieldsSchema, personRecord, personRecordSchema, personSchema, templateRecord, templateRecordSchema } from './record.js';

/** What can be done to the people: plain data, so that another process can ask for it. */
export type Operation =
  | { readonly kind: 'add'; readonly person: Person }
  | { readonly kind: 'rename'; readonly id: string; readonly name: string }
  | { readonly kind: 'update'; readonly id: string; readonly fields: PersonFields }
  | { readonly kind: 'templates'; readonly id: string; readonly add: readonly Template[]; readonly drop: readonly string[] }
  | { readonly kind: 'remove'; readonly id: string }
  /** As `remove`, if there is such a person, and then out of everything that stands beside the file (store.ts). */
  | { readonly kind: 'forget'; readonly id: string }
  /** Everybody goes and these come: a backup is restored. */
  | { readonly kind: 'replace'; readonly people: readonly Person[] };

/** Fields of a person to set; `null` takes one away. */
export type PersonFields = {
  readonly [K in keyof z.infer<typeof fieldsSchema>]?: K extends 'cards' ? readonly string[] : string | null;
};

export interface Rules {
  /** Templates of one person closer than this (raw L2 of unit vectors) are not stored twice. */
  readonly nearDuplicateDistance: number;
}

const optional = z.iso.datetime().nullable().exactOptional();
const fieldChangesSchema = z.strictObject({
  cards: fieldsSchema.shape.cards.exactOptional(),
  validFrom: optional,
  validUntil: optional,
  schedule: z.string().nullable().exactOptional(),
  consentAt: optional,
  retainUntil: optional,
});

/** An operation as text, parsed into one in memory. */
export const operationRecordSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('add'), person: personRecordSchema }),
  z.strictObject({ kind: z.literal('rename'), id: z.uuid(), name: z.string() }),
  z.strictObject({ kind: z.literal('update'), id: z.uuid(), fields: fieldChangesSchema }),
  z.strictObject({ kind: z.literal('templates'), id: z.uuid(), add: z.array(templateRecordSchema), drop: z.array(z.uuid()) }),
  z.strictObject({ kind: z.literal('remove'), id: z.uuid() }),
  z.strictObject({ kind: z.literal('forget'), id: z.uuid() }),
  z.strictObject({ kind: z.literal('replace'), people: z.array(personRecordSchema) }),
]);

export function operationRecord(operation: Operation): unknown {
  if (operation.kind === 'add') return { ...operation, person: personRecord(operation.person) };
  if (operation.kind === 'templates') return { ...operation, add: operation.add.map(templateRecord) };
  if (operation.kind === 'replace') return { ...operation, people: operation.people.map(personRecord) };
  return operation;
}

/**
 * All of the operations in their order, or an error and none of them.
 *
 * @param repeated they were asked for before and may have been done: what is done already is no error
 * @throws PERSON_UNKNOWN, PERSON_NAME_INVALID, PERSON_NAME_TAKEN, PERSON_CARD_TAKEN, PERSON_FIELD_INVALID
 */
export function applyAll(
  roster: Roster,
  { operations, repeated, rules }: { operations: readonly Operation[]; repeated: boolean; rules: Rules },
): { roster: Roster; changes: readonly Change[] } {
  let next = roster.copy();
  const changes: Change[] = [];
  for (const operation of operations) {
    if (operation.kind === 'replace') {
      const before = next.people();
      next = replaced(operation.people);
      changes.push(...differences(before, next.people()));
      continue;
    }
    const change = apply(next, operation, rules, repeated);
    if (!change) continue;
    next.put(change);
    changes.push(change);
  }
  return { roster: next, changes };
}

/** Exactly these people, by the same rules as if they came one by one. */
function replaced(people: readonly Person[]): Roster {
  const roster = new Roster();
  for (const person of people) {
    if (roster.byId(person.id)) throw fault('PERSON_FIELD_INVALID', { problems: [`id: ${person.id} is there twice`] });
    const name = claimName(person.name, (claimed) => roster.byName(claimed), person.id);
    roster.put({ after: checked({ ...person, name }, roster) });
  }
  return roster;
}

type SingleOperation = Exclude<Operation, { kind: 'replace' }>;

/** Undefined where nothing is to be changed. */
function apply(roster: Roster, operation: SingleOperation, rules: Rules, repeated: boolean): Change | undefined {
  const claim = (name: string, id: string) => claimName(name, (claimed) => roster.byName(claimed), id);
  if (operation.kind === 'add') {
    const { person } = operation;
    // Ids are made for each request: one that is there was added by this very request, sent again.
    if (roster.byId(person.id)) return undefined;
    const templates = withoutNearDuplicates([], person.templates, rules.nearDuplicateDistance);
    return { after: checked({ ...person, name: claim(person.name, person.id), templates }, roster) };
  }

  const before = roster.byId(operation.id);
  if (!before) {
    if (operation.kind === 'forget' || (operation.kind === 'remove' && repeated)) return undefined;
    throw fault('PERSON_UNKNOWN', { name: operation.id, nearest: undefined });
  }
  switch (operation.kind) {
    case 'rename':
      return { before, after: checked({ ...before, name: claim(operation.name, before.id) }, roster) };
    case 'update':
      return { before, after: checked(withFields(before, operation.fields), roster) };
    case 'templates': {
      const templates = withTemplates(before.templates, operation.add, operation.drop, rules);
      return templates && { before, after: checked({ ...before, templates }, roster) };
    }
    case 'remove':
    case 'forget':
      return { before };
  }
}

function withTemplates(
  templates: readonly Template[],
  add: readonly Template[],
  drop: readonly string[],
  { nearDuplicateDistance }: Rules,
): readonly Template[] | undefined {
  const known = new Set(templates.map(({ id }) => id));
  const kept = templates.filter(({ id }) => !drop.includes(id));
  const candidates = add.filter(({ id }) => !known.has(id));
  const fresh = withoutNearDuplicates(kept, candidates, nearDuplicateDistance);
  return kept.length === templates.length && fresh.length === 0 ? undefined : [...kept, ...fresh];
}

function withFields(person: Person, fields: PersonFields): Person {
  const entries = Object.entries({ ...person, ...fields }).filter(([, value]) => value !== null);
  const changed = Object.fromEntries(entries) as unknown as Person;
  return { ...changed, cards: [...new Set(changed.cards)] };
}

function checked(person: Person, roster: Roster): Person {
  const parsed = personSchema.safeParse(person);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw fault('PERSON_FIELD_INVALID', { problems });
  }
  const { validFrom, validUntil } = person;
  if (validFrom !== undefined && validUntil !== undefined && Date.parse(validFrom) >= Date.parse(validUntil)) {
    throw fault('PERSON_FIELD_INVALID', { problems: [`validUntil: expected a time after ${validFrom}`] });
  }
  for (const card of person.cards) {
    const holder = roster.byCard(card);
    if (holder && holder.id !== person.id) throw fault('PERSON_CARD_TAKEN', { card, name: holder.name });
  }
  return freeze(parsed.data);
}
