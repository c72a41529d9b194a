#!/usr/bin/env node
// All the set-up a fresh checkout needs: packages, build, and with --models the model files. Plain JavaScript without
// dependencies, because it runs before anything is installed. Each step is skipped when its result is up to date.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 17)) {
  console.error(`facelatch needs Node 20.17 or later; this is Node ${process.versions.node}.`);
  process.exit(1);
}

function run(title, command, args, { mayFail = false } = {}) {
  console.error(`setup: ${title}`);
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0 && !mayFail) {
    console.error(
      `setup: "${[command, ...args].join(' ')}" failed${error ? `: ${error.message}` : ` with exit status ${status}`}.`,
    );
    process.exit(1);
  }
}

const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function newestBelow(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .reduce((newest, entry) => Math.max(newest, modified(join(entry.parentPath ?? entry.path, entry.name))), 0);
}

// A production tree is shipped built and without a compiler: then there is nothing to install or to build.
const shipped = !existsSync(join(root, 'src'));
if (!shipped) {
  if (modified(join(root, 'package-lock.json')) > modified(join(root, 'node_modules/.package-lock.json'))) {
    run('installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund']);
  }
  const built = modified(join(root, 'dist/facelatch.cjs'));
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  if (existsSync(compiler) && Math.max(newestBelow(join(root, 'src')), newestBelow(join(root, 'scripts'))) > built) {
    run('building', process.execPath, [compiler, '-p', 'tsconfig.build.json']);
    run('bundling', process.execPath, ['dist/scripts/bundle.js']);
  }
}
if (!existsSync(join(root, 'dist/facelatch.cjs'))) {
  console.error(
    'setup: expected a built tree in dist/, or the compiler to build it; found neither. Run "npm ci" without --omit=dev first,',
  );
  console.error('setup: then "npm run build" and "npm prune --omit=dev" (README, "Production").');
  process.exit(1);
}
if (process.argv.includes('--models')) {
  run('checking the models', process.execPath, ['dist/scripts/models.js', '--quiet']);
  // For speed only: whoever may not write there starts without. (Another Node makes it of no use, too, but to look for that costs 0.3 s.)
  if (modified(join(root, 'dist/program/vision-worker.cjs.compiled')) < modified(join(root, 'dist/facelatch.cjs'))) {
    run('compiling ahead', process.execPath, ['dist/facelatch.cjs', 'precompile'], { mayFail: true });
  }
}
