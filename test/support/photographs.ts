import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The photographs that come with an npm package; `npm run models` fetches them. */
export const samples = join(root, 'models', 'photographs');

/** Real photographs for development and CI only; tests that need them skip where they are missing. */
export const faces = join(root, '..', 'shared', 'faces');
export const lfw = join(faces, 'lfw-10x10');

/** Says why tests are left out, and whether they are: for `describe.skipIf`. */
export function missing(what: string, path: string): boolean {
  if (existsSync(path)) return false;
  console.warn(`skipped: ${what} (nothing at ${path})`);
  return true;
}

/** The people of lfw-10x10 and their photographs, in the order of their names. */
export function lfwPeople(): { name: string; photographs: string[] }[] {
  return readdirSync(lfw)
    .sort()
    .map((name) => ({
      name,
      photographs: readdirSync(join(lfw, name))
        .sort()
        .map((file) => join(lfw, name, file)),
    }));
}
