import { chmod, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pacote from 'pacote';
import { npmOptions } from '../models/npm-client.js';
import type { Architecture } from './architecture.js';
import { built, keptPackages } from './not-bundled.js';
import { shell } from './shell.js';

/**
 * Everything that runs, for one architecture, in `folder`: Node, the bundled command, the packages with native code and what they
 * need, and the models. `root` is a built checkout with its models.
 */
export async function productionTree(root: string, folder: string, architecture: Architecture): Promise<void> {
  await mkdir(join(folder, 'dist'), { recursive: true });
  await mkdir(join(folder, 'models'));
  for (const file of ['package.json', 'package-lock.json', '.npmrc', 'LICENSE'])
    await copyFile(join(root, file), join(folder, file));
  for (const entry of built) await cp(join(root, 'dist', entry), join(folder, 'dist', entry), { recursive: true });
  for (const file of await readdir(join(root, 'models'))) {
    if (/\.(onnx|json|md)$/.test(file)) await copyFile(join(root, 'models', file), join(folder, 'models', file));
  }
  const platform = ['--ignore-scripts', '--omit=dev', '--os=linux', `--cpu=${architecture.cpu}`, '--libc=glibc'];
  await shell('npm', ['ci', ...platform], { cwd: folder });
  await keepDependencies(folder, keptPackages);
  await shell('npm', ['prune', ...platform], { cwd: folder });
  const node = await mkdtemp(join(tmpdir(), 'facelatch-node-'));
  try {
    const { name, version, integrity } = architecture.node;
    await pacote.extract(`${name}@${version}`, node, { ...(await npmOptions(root)), integrity });
    await mkdir(join(folder, 'bin'));
    await copyFile(join(node, 'bin', 'node'), join(folder, 'bin', 'node'));
    await chmod(join(folder, 'bin', 'node'), 0o755);
    await cp(join(node, 'LICENSE'), join(folder, 'bin', 'LICENSE'));
    await compileEpoll(folder, node, architecture);
  } finally {
    await rm(node, { recursive: true });
  }
  await removeForeign(folder, architecture);
}

/** Whatever else package.json depends on is inside the bundle. */
async function keepDependencies(folder: string, kept: readonly string[]): Promise<void> {
  const path = join(folder, 'package.json');
  const manifest = JSON.parse(await readFile(path, 'utf8')) as Record<string, Record<string, string>>;
  for (const kind of ['dependencies', 'optionalDependencies']) {
    manifest[kind] = Object.fromEntries(Object.entries(manifest[kind]).filter(([name]) => kept.includes(name)));
  }
  delete manifest['devDependencies'];
  await writeFile(path, JSON.stringify(manifest, null, 2));
  await rm(join(folder, 'package-lock.json'));
}

/** What onoff waits for edges with: the one native part that comes as source. */
async function compileEpoll(folder: string, node: string, { cpu, gnu }: Architecture): Promise<void> {
  await shell('npm', ['rebuild', 'epoll', '--foreground-scripts'], {
    cwd: folder,
    env: { ...process.env, npm_config_arch: cpu, npm_config_nodedir: node, CC: `${gnu}-gcc`, CXX: `${gnu}-g++` },
  });
  const build = join(folder, 'node_modules', 'epoll', 'build');
  for (const entry of await readdir(build)) if (entry !== 'Release') await rm(join(build, entry), { recursive: true });
  for (const entry of await readdir(join(build, 'Release'))) {
    if (entry !== 'epoll.node') await rm(join(build, 'Release', entry), { recursive: true });
  }
}

/** Binaries for other systems and processors: most of what the packages weigh. */
async function removeForeign(folder: string, { cpu }: Architecture): Promise<void> {
  const modules = join(folder, 'node_modules');
  const runtimes = join(modules, 'onnxruntime-node', 'bin', 'napi-v6');
  await keepOnly(runtimes, ['linux']);
  await keepOnly(join(runtimes, 'linux'), [cpu]);
  await keepOnly(join(modules, '@serialport', 'bindings-cpp', 'prebuilds'), [`linux-${cpu}`]);
}

async function keepOnly(folder: string, kept: readonly string[]): Promise<void> {
  const entries = await readdir(folder);
  if (!kept.every((name) => entries.includes(name)))
    throw new Error(`expected ${kept.join(', ')} in ${folder}, found ${entries.join(', ')}`);
  for (const entry of entries) if (!kept.includes(entry)) await rm(join(folder, entry), { recursive: true });
}
