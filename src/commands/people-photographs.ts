import { readdir } from 'node:fs/promises';
import { basename, extname, join, parse } from 'node:path';
import { SingleBar } from 'cli-progress';
import { standIn, templateOf, type EnrolmentParts } from '../enrolment.js';
import { FacelatchError, fault } from '../errors.js';
import { rawThresholdOf } from '../identity/distance.js';
import { createGallery } from '../identity/gallery.js';
import type { NewTemplate } from '../identity/people.js';
import { nameKey, normaliseName, type Person } from '../identity/person.js';
import type { Context } from './context.js';
import { readPhotographs } from './photographs.js';

export interface PhotographOptions {
  readonly largestFace?: boolean;
  readonly force?: boolean;
  readonly anyQuality?: boolean;
}

/** One person of a folder: the name, and where their photographs are. */
interface FolderPerson {
  readonly name: string;
  readonly photographs: readonly string[];
}

interface Refusal {
  readonly photograph: string;
  readonly code: string;
  readonly reason: string;
}

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.tif', '.tiff']);
/** So many people are written together: each write takes the whole file. */
const PEOPLE_PER_WRITE = 100;

/** Enrolls a folder: a folder of photographs for each person, or a photograph that is called as the person is. */
export async function importPhotographs(
  context: Context,
  folder: string,
  { anyQuality = false, ...options }: PhotographOptions,
): Promise<number> {
  const listed = await listPeople(folder);
  const vision = await context.vision({ anyQuality });
  const people = await context.people({ create: true });
  const gallery = createGallery(people.all(), vision.encoder, rawThresholdOf(vision.encoder));
  const parts: EnrolmentParts = { vision, people, gallery, clock: context.clock };
  const settings = { ...options, maxPicturePixels: context.config.maxPicturePixels };

  const refused: Refusal[] = [];
  const enrolled: { id: string; name: string; templates: number }[] = [];
  let waiting: { readonly name: string; readonly known: Person | undefined; readonly templates: readonly NewTemplate[] }[] = [];

  async function write(): Promise<void> {
    const strangers = waiting.filter(({ known }) => !known);
    const added = await people.addAll(strangers.map(({ name, templates }) => ({ name, templates })));
    for (const { id, name, templates } of added) enrolled.push({ id, name, templates: templates.length });
    for (const { known, templates } of waiting) {
      if (!known) continue;
      const person = await people.addTemplates(known.id, templates);
      enrolled.push({ id: person.id, name: person.name, templates: person.templates.length });
    }
    waiting = [];
  }

  const bar = progressBar(
    listed.reduce((sum, { photographs }) => sum + photographs.length, 0),
    context.json,
  );
  try {
    for (const { name, photographs } of listed) {
      const known = people.find(name);
      const templates: NewTemplate[] = [];
      for (const path of photographs) {
        try {
          normaliseName(name);
          const [photograph] = await readPhotographs([path]);
          templates.push(await templateOf(photograph, { known, more: templates }, parts, settings));
        } catch (error) {
          if (!(error instanceof FacelatchError)) throw error;
          refused.push({ photograph: path, code: error.code, reason: error.message });
        }
        bar.increment();
      }
      if (templates.length === 0) continue;
      waiting.push({ name, known, templates });
      // So that nobody who comes later in the folder gets the same face.
      gallery.update([{ ...(known && { before: known }), after: standIn(name, known, templates) }]);
      if (waiting.length >= PEOPLE_PER_WRITE) await write();
    }
    await write();
  } finally {
    bar.stop();
  }
  context.print(
    { enrolled, refused },
    [
      ...refused.map(({ reason }) => `not used: ${reason}`),
      `enrolled ${enrolled.length} of ${listed.length} people from ${folder}; ${refused.length} photographs could not be used`,
    ].join('\n'),
  );
  return refused.length === 0 ? 0 : 3;
}

/** @throws PEOPLE_IMPORT_INVALID where nobody is in it */
async function listPeople(folder: string): Promise<readonly FolderPerson[]> {
  const people = new Map<string, { name: string; photographs: string[] }>();
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => a.name.localeCompare(b.name, 'en'));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const photographs = entry.isDirectory()
      ? (await readdir(path))
          .filter(isPicture)
          .sort()
          .map((photograph) => join(path, photograph))
      : [path].filter(isPicture);
    if (photographs.length === 0) continue;
    // Folders of pictures commonly have no spaces in their names.
    const name = (entry.isDirectory() ? entry.name : parse(entry.name).name).replaceAll('_', ' ');
    const person = people.get(nameKey(name)) ?? { name, photographs: [] };
    person.photographs.push(...photographs);
    people.set(nameKey(name), person);
  }
  if (people.size === 0) throw fault('PEOPLE_IMPORT_INVALID', { source: folder, reason: 'no photograph in it' });
  return [...people.values()];
}

const isPicture = (path: string) => !basename(path).startsWith('.') && PICTURES.has(extname(path).toLowerCase());

/** A bar on a terminal, nothing elsewhere. */
function progressBar(total: number, json: boolean): Pick<SingleBar, 'increment' | 'stop'> {
  if (json || !process.stderr.isTTY) return { increment: () => undefined, stop: () => undefined };
  const bar = new SingleBar({
    stream: process.stderr,
    format: '{bar} {percentage} % | {value} of {total} photographs | {eta_formatted} left',
    hideCursor: true,
  });
  bar.start(total, 0);
  return bar;
}
