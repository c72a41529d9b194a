import * as z from 'zod';
import { templateSources, type Person, type Template } from '../person.js';

/**
 * A person as text: what stands in the file and goes through the socket. Vectors are base64 of little-endian float32
 * (2.7 kB for 512 values, where JSON numbers would take 5 to 10 kB and lose nothing but time).
 */
const limits = {
  /** The largest face encoders have 4,096 values. */
  dimensions: 4096,
  templates: 200,
  cards: 20,
  text: 200,
  /** A unit vector in float32 is off by 1e-6 at most; a tool that rounds to four digits by less than this. */
  unitTolerance: 1e-3,
};

const text = z.string().min(1).max(limits.text);
const id = z.uuid();
const time = z.iso.datetime();

/** Whether the values are finite and of unit length, as every comparison takes for granted. */
export function isUnitVector(vector: Float32Array): boolean {
  let sum = 0;
  for (const value of vector) sum += value * value;
  return Math.abs(Math.sqrt(sum) - 1) < limits.unitTolerance;
}

const unitVector = z
  .instanceof(Float32Array)
  .refine(({ length }) => length > 0 && length <= limits.dimensions, `expected 1 to ${limits.dimensions} values`)
  .refine(isUnitVector, 'expected a vector of unit length');

const encodedVector = z
  .string()
  .max(Math.ceil((limits.dimensions * 4) / 3) + 4)
  .transform((base64, context) => {
    const vector = decodeVector(base64);
    if (vector) return vector;
    context.addIssue('expected base64 of float32 values');
    return z.NEVER;
  })
  .pipe(unitVector);

const template = {
  id,
  encoder: text,
  modelSha256: z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits'),
  quality: z.number().min(0).max(1),
  createdAt: time,
  source: z.enum(templateSources),
};

/** What may be changed in a person besides name and templates. */
export const fieldsSchema = z.strictObject({
  cards: z.array(text).max(limits.cards),
  validFrom: time.exactOptional(),
  validUntil: time.exactOptional(),
  schedule: text.exactOptional(),
  consentAt: time.exactOptional(),
  retainUntil: time.exactOptional(),
});

export const templateSchema = z.strictObject({ ...template, vector: unitVector });
export const templateRecordSchema = z.strictObject({ ...template, vector: encodedVector });

const person = { id, name: text, createdAt: time, ...fieldsSchema.shape };

/** A person in memory: checked before it is stored. */
export const personSchema = z.strictObject({ ...person, templates: z.array(templateSchema).max(limits.templates) });
/** A person as text, parsed into one in memory. */
export const personRecordSchema = z.strictObject({ ...person, templates: z.array(templateRecordSchema).max(limits.templates) });

export type TemplateRecord = z.input<typeof templateRecordSchema>;
export type PersonRecord = z.input<typeof personRecordSchema>;

export function templateRecord(template: Template): TemplateRecord {
  return { ...template, vector: encodeVector(template.vector) };
}

export function personRecord(person: Person): PersonRecord {
  return { ...person, cards: [...person.cards], templates: person.templates.map(templateRecord) };
}

function encodeVector(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}

/** Undefined unless `base64` is canonical and holds whole values. */
function decodeVector(base64: string): Float32Array | undefined {
  const bytes = Math.floor((base64.replace(/={1,2}$/, '').length * 3) / 4);
  if (base64.length % 4 !== 0 || bytes % 4 !== 0) return undefined;
  const vector = new Float32Array(bytes / 4);
  const target = Buffer.from(vector.buffer);
  return target.write(base64, 'base64') === bytes && target.toString('base64') === base64 ? vector : undefined;
}
