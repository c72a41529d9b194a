import * as z from 'zod';
import type { Person } from '../person.js';
import { Damaged } from './envelope.js';
import { PersonLines } from './lines.js';
import { currentSchema, migrate, migrations, type Migrations } from './migrations.js';
import { personRecordSchema } from './record.js';

/** All that a people file says. */
export interface PeopleDocument {
  /** Counts the writes since the file was created: the higher, the newer. */
  readonly sequence: number;
  /** ISO 8601, UTC; for people to read. */
  readonly savedAt: string;
  readonly people: readonly Person[];
}

/** The schema version that is written and the way to it from older ones; exchanged in tests of migrations. */
export interface Schema {
  readonly version: number;
  readonly migrations: Migrations;
}
export const schema: Schema = { version: currentSchema, migrations };

const aboutSchema = z.strictObject({ sequence: z.int().min(0), savedAt: z.iso.datetime(), people: z.int().min(0) });
const separator = Buffer.from(',\n');
const chunkBytes = 2 ** 20;

/**
 * A JSON array, one entry a line, in chunks of about 1 MB.
 *
 * @param lines kept from one write to the next
 */
export function encodePayload(document: PeopleDocument, lines = new PersonLines()): Generator<Buffer> {
  return chunks(pieces(document, lines));
}

/** @throws Damaged */
export function decodePayload(
  payload: Buffer,
  version: number,
  { version: current, migrations: steps }: Schema = schema,
): PeopleDocument {
  let entries: Iterable<unknown> = lines(payload);
  if (version < current) entries = migrate([...entries], version, current, steps);
  let about: z.infer<typeof aboutSchema> | undefined;
  const people: Person[] = [];
  for (const entry of entries) {
    if (about) people.push(freeze(valid(personRecordSchema, entry)));
    else about = valid(aboutSchema, entry);
  }
  if (about?.people !== people.length)
    throw new Damaged(`it holds ${people.length} people of ${about?.people ?? 'an unknown number'}`);
  return { sequence: about.sequence, savedAt: about.savedAt, people };
}

/** A person that nobody can change by mistake; the vectors stay as they are, a typed array cannot be frozen. */
export function freeze(person: Person): Person {
  return Object.freeze({
    ...person,
    cards: Object.freeze([...person.cards]),
    templates: Object.freeze(person.templates.map((template) => Object.freeze(template))),
  });
}

function* pieces({ sequence, savedAt, people }: PeopleDocument, lines: PersonLines): Generator<Buffer> {
  yield Buffer.from(`[\n${JSON.stringify({ sequence, savedAt, people: people.length })}`);
  for (const person of people) {
    yield separator;
    yield lines.of(person);
  }
  yield Buffer.from('\n]');
}

function* chunks(parts: Iterable<Buffer>): Generator<Buffer> {
  let chunk = Buffer.allocUnsafe(chunkBytes);
  let used = 0;
  for (const part of parts) {
    if (part.length > chunk.length - used) {
      yield chunk.subarray(0, used);
      chunk = Buffer.allocUnsafe(Math.max(chunkBytes, part.length));
      used = 0;
    }
    chunk.set(part, used);
    used += part.length;
  }
  yield chunk.subarray(0, used);
}

function* lines(payload: Buffer): Generator {
  const end = payload.length - 2;
  if (payload.toString('latin1', 0, 2) !== '[\n' || payload.toString('latin1', end) !== '\n]')
    throw new Damaged('its payload is no list');
  for (let start = 2; start < end;) {
    const stop = payload.indexOf(0x0a, start);
    const comma = stop < end ? 1 : 0;
    try {
      yield JSON.parse(payload.toString('utf8', start, stop - comma));
    } catch (cause) {
      throw new Damaged('one of its lines is no JSON', { cause });
    }
    start = stop + 1;
  }
}

function valid<S extends z.ZodType>(expected: S, entry: unknown): z.output<S> {
  const parsed = expected.safeParse(entry);
  if (parsed.success) return parsed.data;
  // Not what was received: names and vectors never reach a log.
  const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new Damaged(`an entry is not valid (${problems.join('; ')})`);
}
