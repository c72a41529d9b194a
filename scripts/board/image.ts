import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { built } from '../package/not-bundled.js';
import { shell } from '../package/shell.js';
import { say } from './progress.js';

/** The SHA-256 over the files and folders below `root`, with their names. */
export async function contentKey(root: string, paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const path of paths) {
    for (const file of await filesBelow(join(root, path))) {
      hash
        .update(`${file.slice(root.length)}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesBelow(path: string): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return [path];
    throw error;
  }
}

/**
 * What `fill` makes in a folder of the cache; made once for each content of `paths`, and older ones of this name are thrown away.
 *
 * @returns the folder
 */
export async function cached(
  options: { readonly root: string; readonly cache: string; readonly name: string; readonly paths: readonly string[] },
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const { root, cache, name, paths } = options;
  const folder = join(cache, `${name}-${await contentKey(root, paths)}`);
  if (existsSync(join(folder, 'complete'))) {
    say(`the ${name} is in the cache`);
    return folder;
  }
  await mkdir(cache, { recursive: true });
  for (const entry of await readdir(cache)) if (entry.startsWith(`${name}-`)) await rm(join(cache, entry), { recursive: true });
  const partial = `${folder}.partial`;
  await mkdir(partial);
  await fill(partial);
  await writeFile(join(partial, 'complete'), '');
  await rename(partial, folder);
  return folder;
}

const IMAGE = join('scripts', 'board', 'image');

/** Debian for the board: disk.img, vmlinuz and initrd.gz. */
export function boardImage(root: string, cache: string): Promise<string> {
  return cached({ root, cache, name: 'image', paths: [IMAGE] }, async (folder) => {
    say('building the image of the board; the next run takes it from the cache');
    await shell('bash', [join(root, IMAGE, 'build.sh'), folder]);
  });
}

/** What the Debian package is made of; but for its documents, which change nothing on the board. */
const PACKAGED = [
  ...['package.json', 'package-lock.json', '.npmrc', 'config', 'systemd', 'scripts/package', 'scripts/package.ts'],
  ...['models', ...built.map((entry) => `dist/${entry}`)],
];

/** The Debian package of this checkout for arm64: the one .deb in the folder. */
export function boardPackage(root: string, cache: string): Promise<string> {
  return cached({ root, cache, name: 'package', paths: PACKAGED }, async (folder) => {
    say('building the Debian package for arm64');
    await shell('npm', ['run', '--silent', 'package', '--', '--arch', 'arm64', '--output', folder], { cwd: root });
  });
}
