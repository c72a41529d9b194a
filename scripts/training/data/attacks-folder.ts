import { readdir } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { BONA_FIDE } from '../evaluation/attack-detection.js';

/** A photograph of a presentation to the camera. */
export interface Presentation {
  /** `bona fide`, or the species of the attack instrument. */
  readonly species: string;
  readonly path: string;
}

const names = /^(live|attack)-(.+?)(?:-\d+)?\.(jpe?g|png|webp|tiff?)$/i;

/**
 * The pictures of a folder whose names begin with `live-`, and with `attack-` and the species: attack-phone-screen.jpg,
 * attack-phone-screen-2.jpg. Throws when there is no such picture.
 */
export async function readAttacksFolder(folder: string): Promise<Presentation[]> {
  const found = (await readdir(folder)).sort().flatMap((name): Presentation[] => {
    const match = names.exec(name);
    if (!match) return [];
    return [{ species: match[1].toLowerCase() === 'live' ? BONA_FIDE : match[2], path: join(folder, name) }];
  });
  if (found.length > 0) return found;
  throw new Error(`expected pictures named live-... or attack-<species>... in ${folder}, found none`);
}

export const nameOf = (path: string) => basename(path, extname(path));
