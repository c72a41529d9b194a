import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fault, reasonOf } from '../../errors.js';

/** One photograph of one person. */
export interface Photograph {
  readonly person: string;
  readonly path: string;
}

const pictures = /\.(jpe?g|png|webp|tiff?)$/i;

/**
 * The photographs in a folder that has a folder for each person (the layout of Labeled Faces in the Wild), in the order of
 * their names. Folders whose name begins with a dot are passed over.
 *
 * @throws FacelatchError LABELLED_FOLDER_INVALID when it cannot be read, or there are fewer than two people: nobody could be told
 * from anybody
 */
export async function readPeopleFolder(folder: string): Promise<Photograph[]> {
  const invalid = (received: string, cause?: unknown) => fault('LABELLED_FOLDER_INVALID', { folder, received }, cause);
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw invalid(reasonOf(error), error);
  });
  const people = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map((entry) => entry.name);
  const photographs = await Promise.all(
    people.sort().map(async (person) => {
      const names = await readdir(join(folder, person));
      return names
        .filter((name) => pictures.test(name))
        .sort()
        .map((name) => ({ person, path: join(folder, person, name) }));
    }),
  );
  const found = photographs.filter((ofPerson) => ofPerson.length > 0);
  if (found.length < 2) throw invalid(`${found.length} of them`);
  return found.flat();
}
