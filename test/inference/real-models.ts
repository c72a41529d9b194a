import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultModelsFolder } from '../../src/inference/manifest.js';

export const modelsFolder = defaultModelsFolder();

/** Whether `npm run models` was run; the tests that need the models skip, and say why, where it was not. */
export const modelsPresent = (
  JSON.parse(readFileSync(join(modelsFolder, 'manifest.json'), 'utf8')) as { models: { file: string }[] }
).models.every(({ file }) => existsSync(join(modelsFolder, file)));

if (!modelsPresent)
  console.warn(`tests with real models are skipped: ${modelsFolder} lacks some ("npm run models" fetches them)`);
