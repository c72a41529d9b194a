import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * The sources in these folders and files as JavaScript, in a new folder below the project (so that packages are found), for
 * tests that need a process of their own. dist/ would do, but may be older than the sources.
 */
export async function transpiled(...paths: readonly string[]): Promise<string> {
  await mkdir(join(root, '.cache'), { recursive: true });
  const folder = await mkdtemp(join(root, '.cache', 'transpiled-'));
  for (const path of paths) {
    const names = path.endsWith('.ts') ? [''] : (await readdir(join(root, path))).filter((name) => /(?<!\.d)\.ts$/.test(name));
    for (const source of names.map((name) => join(path, name))) {
      const target = join(folder, source.replace(/\.ts$/, '.js'));
      await mkdir(dirname(target), { recursive: true });
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, esModuleInterop: true };
      await writeFile(target, ts.transpileModule(await readFile(join(root, source), 'utf8'), { compilerOptions }).outputText);
    }
  }
  return folder;
}
