import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import type { Alignment } from '../../../src/inference/manifest.js';
import { cutCrop, type Crop } from './crops.js';
import { openFaceFinder, type OnUnusable } from './face-finder.js';
import { readPeopleFolder } from '../../../src/identity/calibration/labelled-folder.js';

export interface LoadOptions {
  readonly modelsFolder: string;
  readonly inputPx: number;
  readonly borderPx: number;
  /** In pixels of the input. */
  readonly template: Alignment;
  readonly onUnusable: OnUnusable;
  /** How many of how many photographs are done. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Cuts the faces out of all photographs of a folder, as the door would. */
export async function loadFaces(folder: string, options: LoadOptions): Promise<Crop[]> {
  const photographs = await readPeopleFolder(folder);
  const finder = await openFaceFinder(options.modelsFolder);
  const crops: Crop[] = [];
  let done = 0;
  try {
    for (const photograph of photographs) {
      for await (const found of finder.find([photograph], options.onUnusable)) {
        crops.push(cutCrop(found, options.template, options.inputPx, options.borderPx));
      }
      options.onProgress(++done, photographs.length);
    }
  } finally {
    await finder.release();
  }
  return crops;
}

/** Of which photographs a data set consists: a run may only go on with the very same ones. */
export function fingerprint(folder: string, crops: readonly Crop[]): string {
  const hash = createHash('sha256');
  for (const { person, path } of crops) hash.update(`${person}\0${relative(folder, path)}\0`);
  return hash.digest('hex');
}
