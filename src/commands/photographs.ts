import { readFile } from 'node:fs/promises';
import { fault } from '../errors.js';

/** @throws FacelatchError PHOTO_NOT_FOUND */
export async function readPhotographs(paths: readonly string[]): Promise<{ readonly bytes: Buffer; readonly source: string }[]> {
  return Promise.all(
    paths.map(async (path) => {
      try {
        return { bytes: await readFile(path), source: path };
      } catch (cause) {
        throw fault('PHOTO_NOT_FOUND', { path }, cause);
      }
    }),
  );
}
