import * as z from 'zod';
import { fault } from '../errors.js';
import { unitVector } from './embedding.js';
import { fieldsSchema, templateSchema } from './people-file/record.js';
import type { NewPerson, NewTemplate } from './people.js';
import type { Person } from './person.js';

/**
 * People as JSON with float arrays, for tools: readable by anything, encrypted by nothing. Ids are left out: an import makes
 * new people.
 */
const format = 'facelatch-export';

/** The encoder that this door uses. */
export interface ImportEncoder {
  /** Its id in the model manifest. */
  readonly id: string;
  readonly modelSha256: string;
  readonly dimensions: number;
}

const exportSchema = z.strictObject({
  format: z.literal(format),
  version: z.literal(1),
  people: z.array(
    z.strictObject({
      name: z.string(),
      createdAt: z.iso.datetime().exactOptional(),
      ...fieldsSchema.shape,
      cards: fieldsSchema.shape.cards.default([]),
      templates: z.array(
        z.strictObject({
          ...templateSchema.omit({ id: true, createdAt: true }).shape,
          createdAt: z.iso.datetime().exactOptional(),
          source: templateSchema.shape.source.default('import'),
          vector: z.array(z.number()).transform((values) => Float32Array.from(values)),
        }),
      ),
    }),
  ),
});

/** What face_recognition, face-api.js and their like are commonly saved as: a name and plain numbers, and no encoder. */
const numbers = z.array(z.number()).min(64).max(4096);
const bareSchema = z.union([
  z.record(z.string(), z.union([numbers.transform((one) => [one]), z.array(numbers).min(1)])),
  z
    .array(z.object({ label: z.string(), descriptors: z.array(numbers) }))
    .transform((people) => Object.fromEntries(people.map(({ label, descriptors }) => [label, descriptors]))),
  z
    .array(z.object({ name: z.string(), encoding: numbers }))
    .transform((people) => Object.fromEntries(people.map(({ name, encoding }) => [name, [encoding]]))),
]);

/** One person a line, numbers that give the same float32 again. */
export function exportPeople(people: readonly Person[]): string {
  const lines = people.map(({ id: _id, templates, ...person }) =>
    JSON.stringify({
      ...person,
      templates: templates.map(({ id: _templateId, vector, ...template }) => ({
        ...template,
        vector: Array.from(vector, shortest),
      })),
    }),
  );
  return `{"format":"${format}","version":1,"people":[\n${lines.join(',\n')}\n]}\n`;
}

/**
 * The people of an export, for `People.addAll`.
 *
 * @param source what errors call it
 * @param bareEncoder the encoder of vectors that come without one, as the person who imports them says; they are scaled to
 *   unit length
 * @throws PEOPLE_IMPORT_INVALID; PEOPLE_IMPORT_ENCODER where a template is not of `encoder`
 */
export function importPeople(
  text: string,
  { source, encoder, bareEncoder }: { source: string; encoder: ImportEncoder; bareEncoder?: string },
): readonly NewPerson[] {
  const json = parse(text, source);
  const bare = bareSchema.safeParse(json);
  if (bare.success && Object.keys(bare.data).length > 0) return fromBare(bare.data, { source, encoder, bareEncoder });
  const parsed = exportSchema.safeParse(json);
  if (!parsed.success) {
    // Not what was received: it holds vectors.
    const [{ path, message }] = parsed.error.issues;
    throw fault('PEOPLE_IMPORT_INVALID', { source, reason: `${path.join('.') || 'its content'}: ${message}` });
  }
  const { people } = parsed.data;
  for (const template of people.flatMap(({ templates }) => templates)) {
    if (template.encoder === encoder.id && template.modelSha256 === encoder.modelSha256) continue;
    const received = `${template.encoder} (file ${template.modelSha256.slice(0, 12)}...)`;
    throw fault('PEOPLE_IMPORT_ENCODER', { source, expected: described(encoder), received });
  }
  return people;
}

function fromBare(
  people: Readonly<Record<string, readonly (readonly number[])[]>>,
  { source, encoder, bareEncoder }: { source: string; encoder: ImportEncoder; bareEncoder: string | undefined },
): readonly NewPerson[] {
  return Object.entries(people).map(([name, vectors]) => ({
    name,
    templates: vectors.map((values): NewTemplate => {
      if (bareEncoder !== encoder.id || values.length !== encoder.dimensions) {
        const received = `${values.length} numbers of ${bareEncoder ?? 'an encoder that the file does not name'}`;
        throw fault('PEOPLE_IMPORT_ENCODER', { source, expected: described(encoder), received });
      }
      const vector = unitVector(Float32Array.from(values));
      if (!vector) throw fault('PEOPLE_IMPORT_INVALID', { source, reason: 'a vector without a direction' });
      // Nothing is known of the picture.
      return { encoder: encoder.id, modelSha256: encoder.modelSha256, vector, quality: 0.5, source: 'import' };
    }),
  }));
}

const described = ({ id, dimensions, modelSha256 }: ImportEncoder) =>
  `${id} (${dimensions} values, file ${modelSha256.slice(0, 12)}...)`;

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    // A pickle begins with the byte 0x80, a NumPy file with 0x93; neither is the beginning of a character.
    const python = /^[\uFFFD\x80\x93]/.test(text);
    const reason = python
      ? 'a Python pickle or a NumPy array in it (json.dump({name: encoding.tolist()}) writes what can be read)'
      : 'something that is no JSON';
    throw fault('PEOPLE_IMPORT_INVALID', { source, reason }, cause);
  }
}

/** Nine significant digits tell any two float32 apart (IEEE 754). */
const shortest = (value: number) => Number(value.toPrecision(9));
