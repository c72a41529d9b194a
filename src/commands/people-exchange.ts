import { readFile, stat, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { fault, reasonOf } from '../errors.js';
import { refuseTwins } from '../enrolment.js';
import { rawThresholdOf } from '../identity/distance.js';
import { createGallery } from '../identity/gallery.js';
import { exportPeople, importPeople } from '../identity/people-exchange.js';
import { readModels } from '../inference/local-models.js';
import { defaultModelsFolder, modelEntry, type ModelEntry } from '../inference/manifest.js';
import type { Context } from './context.js';
import { importPhotographs, type PhotographOptions } from './people-photographs.js';
import type { Run } from './run-command.js';

/** people export, import: people as other tools have them. */
export function registerExchange(people: Command, run: Run): void {
  people
    .command('export')
    .argument('<file>', 'a new file, or - for standard output')
    .description('write everybody as JSON with the embeddings as numbers: for tools, readable by anybody')
    .action(run(exportEverybody));

  people
    .command('import')
    .argument('<path>', 'JSON of "people export", or a folder with a folder or a photograph for each person')
    .option('--encoder-is <id>', 'of JSON with plain embeddings that name no encoder: the one that made them')
    .option('--largest-face', 'of a photograph with several faces take the largest')
    .option('--force', 'also faces that the door already knows as somebody else')
    .option('--any-quality', 'also faces that are too small, dark, blurred or turned away for the door to look at')
    .description('add people from another tool; photographs that cannot be used are named and the others enrolled')
    .action(run(importPath));
}

async function exportEverybody(context: Context, path: string): Promise<number> {
  const everybody = (await context.people()).all();
  const text = exportPeople(everybody);
  if (path === '-') {
    process.stdout.write(text);
    return 0;
  }
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    throw fault('FILE_UNWRITABLE', { path, reason: reasonOf(error) }, error);
  }
  context.print({ people: everybody.length, export: path }, `${path}: ${everybody.length} people, not encrypted: keep it safe`);
  return 0;
}

async function doorEncoder({ config: { inference } }: Context): Promise<ModelEntry> {
  return modelEntry(await readModels(inference.modelsFolder ?? defaultModelsFolder()), inference.encoder);
}

async function importPath(
  context: Context,
  path: string,
  { encoderIs, ...options }: PhotographOptions & { encoderIs?: string },
): Promise<number> {
  const isFolder = await stat(path).then(
    (stats) => stats.isDirectory(),
    (error: unknown) => {
      throw fault('PEOPLE_IMPORT_INVALID', { source: path, reason: reasonOf(error) }, error);
    },
  );
  if (isFolder) return importPhotographs(context, path, options);
  const encoder = await doorEncoder(context);
  const { id, sha256: modelSha256, outputs } = encoder;
  const people = importPeople(await readFile(path, 'utf8'), {
    source: path,
    encoder: { id, modelSha256, dimensions: outputs[0].shape[1] },
    ...(encoderIs !== undefined && { bareEncoder: encoderIs }),
  });
  const known = await context.people({ create: true });
  const gallery = createGallery(known.all(), encoder, rawThresholdOf(encoder));
  if (!options.force) refuseTwins(people, path, { people: known, gallery });
  const added = await known.addAll(people);
  context.print(
    { added: added.map(({ id, name, templates }) => ({ id, name, templates: templates.length })) },
    `added ${added.length} people`,
  );
  return 0;
}
