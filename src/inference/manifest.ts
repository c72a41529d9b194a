import { readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { fault, reasonOf } from '../errors.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 as 64 hexadecimal digits');
const integrity = z.string().regex(/^sha512-[A-Za-z0-9+/]{86}==$/, 'expected an integrity of the form sha512-<base64>');
/** A name inside one folder: a manifest must not be able to write anywhere else. */
const fileName = z.string().regex(/^[a-z0-9][a-z0-9.-]*$/, 'expected a plain file name of a-z, 0-9, "." and "-"');
const count = z.number().int().positive();
const landmark = z.number().int().min(0).max(67);

const packageSchema = z.strictObject({
  name: z.string().min(1),
  /** Exact, never a range: the integrity belongs to one tarball. */
  version: z.string().regex(/^\d+\.\d+\.\d+$/, 'expected an exact version'),
  /** SHA-512 of the whole tarball, as the npm client writes it. */
  integrity,
  tarballBytes: count,
  licence: z.string().min(1),
});

const fetchedFile = {
  /** The npm package that it comes from, and where it stands in the tarball below `package/`. */
  package: z.string().min(1),
  packageFile: z.string().min(1),
  /** What it is called below models/ once it is fetched. */
  file: fileName,
  bytes: count,
  sha256,
};

const inputSchema = z.strictObject({
  name: z.string().min(1),
  /** [batch, channels, height, width]; every model here has a fixed batch of 1. */
  shape: z.tuple([count, count, count, count]),
  channels: z.enum(['RGB', 'BGR', 'grey']),
  /** What goes into the model is (v - subtract) / divide for v in 0..255: one number for each channel, in their order above. */
  subtract: z.array(z.number()),
  divide: z.array(z.number().positive()),
});

const outputSchema = z.strictObject({ name: z.string().min(1), shape: z.array(count).min(1), meaning: z.string().min(1) });

/** Where points of the face must come to lie in the model's input: the target of a similarity transform. */
const alignmentSchema = z.strictObject({
  points: z
    .array(
      z.strictObject({
        /** The point is the mean of these of the 68 landmarks (counted from 0). */
        landmarks: z.array(landmark).min(1),
        /** Pixels of the input, from its top left corner. */
        x: z.number(),
        y: z.number(),
      }),
    )
    .min(2),
});

export const calibrationSchema = z
  .strictObject({
    genuinePairs: count,
    table: z
      .array(
        z.strictObject({
          /** Share of the impostor pairs that are nearer than rawDistance; 0 means that none of impostorPairs was. */
          fmr: z.number().min(0).max(1),
          /** L2 between unit vectors of this encoder. */
          rawDistance: z.number().positive().max(2),
          /** Share of the genuine pairs that are nearer than rawDistance. */
          tmr: z.number().min(0).max(1),
          impostorPairs: count,
        }),
      )
      .min(1),
    /** This raw distance is reported as this distance on the FaceNet scale, where the door's boundary is 0.7. */
    operatingPoint: z.strictObject({ rawDistance: z.number().positive().max(2), faceNetDistance: z.number().positive() }),
  })
  .refine((c) => c.table.some((row) => row.rawDistance === c.operatingPoint.rawDistance), {
    message: 'expected the operating point to be a row of the calibration table',
  });

const modelFields = {
  id: z.string().regex(/^[a-z0-9-]+$/),
  role: z.enum(['detector', 'landmarks', 'encoder', 'liveness', 'eyes', 'pose']),
  file: fetchedFile.file,
  bytes: fetchedFile.bytes,
  sha256: fetchedFile.sha256,
  licence: z.string().min(1),
  input: inputSchema,
  outputs: z.array(outputSchema).min(1),
  alignment: alignmentSchema.optional(),
  calibration: calibrationSchema.optional(),
};

type ModelFields = z.output<z.ZodObject<typeof modelFields>>;

function checkModel(m: ModelFields, context: z.RefinementCtx): void {
  if (m.input.subtract.length !== m.input.shape[1] || m.input.divide.length !== m.input.shape[1]) {
    context.addIssue('expected one number in "subtract" and in "divide" for each channel of the input');
  }
  if (m.input.shape[1] !== (m.input.channels === 'grey' ? 1 : 3)) {
    context.addIssue('expected 1 channel for grey and 3 for RGB or BGR');
  }
  if (m.role === 'encoder' && (m.calibration === undefined || m.alignment === undefined)) {
    context.addIssue('expected an encoder to have a calibration and an alignment');
  }
}

const modelSchema = z.strictObject({ ...modelFields, ...fetchedFile }).superRefine(checkModel);
/** A model that was made on this machine: it comes from no package. */
export const localModelSchema = z.strictObject(modelFields).superRefine(checkModel);

const manifestSchema = z
  .strictObject({
    format: z.literal(1),
    packages: z.array(packageSchema),
    models: z.array(modelSchema),
    photographs: z.array(z.strictObject(fetchedFile)),
  })
  .superRefine((manifest, context) => {
    const packages = new Set(manifest.packages.map((entry) => entry.name));
    const files = [...manifest.models, ...manifest.photographs];
    for (const { package: name, file } of files) {
      if (!packages.has(name)) context.addIssue(`expected "${file}" to come from one of the packages, received "${name}"`);
    }
    for (const [what, names] of [
      ['package', manifest.packages.map((entry) => entry.name)],
      ['model', manifest.models.map((entry) => entry.id)],
      ['file', files.map((entry) => entry.file)],
    ] as const) {
      const twice = names.find((name, index) => names.indexOf(name) !== index);
      if (twice !== undefined) context.addIssue(`expected each ${what} once, received "${twice}" twice`);
    }
  });

export type DeepReadonly<T> = T extends (infer U)[]
  ? readonly DeepReadonly<U>[]
  : T extends object
    ? { readonly [K in keyof T]: DeepReadonly<T[K]> }
    : T;

/** models/manifest.json: which files make up facelatch's models, where they come from and how they are used. */
export type Manifest = DeepReadonly<z.output<typeof manifestSchema>>;
export type PackageEntry = Manifest['packages'][number];
/** What is needed to run a model, wherever its file came from. */
export type ModelEntry = DeepReadonly<z.output<typeof localModelSchema>>;
export type PhotographEntry = Manifest['photographs'][number];
export type Calibration = NonNullable<ModelEntry['calibration']>;
export type Alignment = NonNullable<ModelEntry['alignment']>;

/**
 * The manifest in this folder.
 * Throws MANIFEST_INVALID when it is missing, is not JSON, or says something that the schema does not allow.
 */
export async function readManifest(modelsFolder: string): Promise<Manifest> {
  return readEntries(join(modelsFolder, 'manifest.json'), manifestSchema);
}

/** What a file of the models folder says. Throws MANIFEST_INVALID. */
export async function readEntries<S extends z.ZodType>(path: string, schema: S): Promise<z.output<S>> {
  let content: unknown;
  try {
    content = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw fault('MANIFEST_INVALID', { path, reason: reasonOf(error) }, error);
  }
  // To compile a check takes longer than the few entries.
  const parsed = schema.safeParse(content, { jitless: true });
  if (!parsed.success) throw fault('MANIFEST_INVALID', { path, reason: z.prettifyError(parsed.error) });
  return parsed.data;
}

/** The entry with this id. Throws MODEL_UNKNOWN. */
export function modelEntry(models: readonly ModelEntry[], id: string): ModelEntry {
  const entry = models.find((model) => model.id === id);
  if (!entry) throw fault('MODEL_UNKNOWN', { model: id, known: models.map((model) => model.id) });
  return entry;
}

/** models/ of the package that this module belongs to, whether it runs from src/ or from dist/src/. */
export function defaultModelsFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'models', 'manifest.json')) || folder === dirname(folder)) return join(folder, 'models');
  }
}
