import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defaultModelsFolder } from '../../../src/inference/manifest.js';
import { strangers } from '../../demo/visitors.js';
import { columns } from '../../../src/commands/output.js';
import { cell, type Bench, type Say } from '../bench.js';
import { createRandom } from '../../training/random.js';
import { onePerson, VGA } from '../scenes.js';
import { tuneForBench } from '../way.js';
import { median } from '../statistics.js';
import { startPeer, type Peer } from './peer-process.js';

export interface PeerFigures {
  readonly name: string;
  readonly medianMs: number;
  /** Against facelatch's whole way in the same run. */
  readonly ratio: number;
}

const ROUNDS = 100;

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../../..');
const sources = join(root, 'scripts/bench/peers');
const cache = join(root, '.cache/peers');
const HUMAN = '@vladmandic/human@3.3.6';
const PACKAGES = ['python3-opencv', 'libdlib-dev', 'libopenblas-dev', 'libjpeg-dev', 'libpng-dev', 'g++'];

/**
 * The door and its peers on the same frame, one thread and one process each, in turns: whatever else the machine does weighs
 * on all of them. Installs what it compares with (Debian's packages, as root or with sudo, and one npm package in .cache/).
 *
 * @returns in the order of their time; a peer that could not be had is left out, and `say` is told why
 */
async function comparePeers(rounds: number, say: Say): Promise<PeerFigures[]> {
  await mkdir(cache, { recursive: true });
  const jpeg = join(cache, 'frame.jpg');
  // A face that every one of them finds: Tiny misses many.
  await writeFile(jpeg, await onePerson(VGA, strangers[0]));
  install(say);
  await tuneForBench(say);
  const dlib = join(cache, 'dlib');
  const flags = ['-std=c++17', '-O3', '-march=native', '-DNDEBUG'];
  const libraries = ['-ldlib', '-lpthread', '-lopenblas', '-ljpeg', '-lpng'];
  say('compiling the peer on dlib');
  command('g++', [...flags, join(sources, 'dlib.cpp'), '-o', dlib, ...libraries], say);

  const node = (script: string, ...args: string[]) => [process.execPath, [join(here, script), ...args, jpeg]] as const;
  const programs: readonly (readonly [string, string, readonly string[]])[] = [
    ['facelatch', ...node('facelatch.js', 'whole')],
    ['the three models alone, as shipped', ...node('facelatch.js', 'models')],
    ['OpenCV dnn, the same models', '/usr/bin/python3', [join(sources, 'opencv.py'), defaultModelsFolder(), jpeg]],
    ['dlib (C++)', dlib, [jpeg, join(cache, 'landmarks.dat')]],
    ['face-api tiny (WebAssembly)', ...node('face-api.js', 'tiny')],
    ['face-api SSD (WebAssembly)', ...node('face-api.js', 'ssd')],
    ['Human (WebAssembly)', ...node('human.js', join(cache, 'node_modules/@vladmandic/human'))],
  ];
  const peers: Peer[] = [];
  try {
    for (const [name, program, args] of programs) {
      try {
        peers.push(await startPeer(name, program, args));
      } catch (error) {
        say(`left out: ${String(error)}`);
      }
    }
    return await inTurns(peers, rounds, say);
  } finally {
    peers.forEach((peer) => peer.stop());
  }
}

async function inTurns(peers: readonly Peer[], rounds: number, say: Say): Promise<PeerFigures[]> {
  const times = new Map(peers.map(({ name }): [string, number[]] => [name, []]));
  // Whoever comes next pays for what the one before still tidies up (WebAssembly's garbage, for one): each follows each.
  const order = createRandom(1);
  for (let round = 1; round <= rounds; round++) {
    for (const peer of order.shuffled(peers)) times.get(peer.name)?.push(await peer.frame());
    if (round % 10 === 0) say(`${round} of ${rounds} rounds`);
  }
  const own = median(times.get('facelatch') ?? []);
  return [...times]
    .map(([name, all]) => ({ name, medianMs: median(all), ratio: median(all) / own }))
    .sort((a, b) => a.medianMs - b.medianMs);
}

function install(say: Say): void {
  const missing = PACKAGES.filter((name) => spawnSync('dpkg', ['-s', name]).status !== 0);
  if (missing.length > 0) {
    say(`installing ${missing.join(', ')}`);
    const sudo = process.getuid?.() === 0 ? [] : ['sudo'];
    const [program, ...args] = [...sudo, 'apt-get', 'install', '-y', '-qq', '--no-install-recommends', ...missing];
    command(program, args, say);
  }
  if (existsSync(join(cache, 'node_modules/@vladmandic/human'))) return;
  say(`installing ${HUMAN}`);
  command('npm', ['install', '--prefix', cache, '--no-audit', '--no-fund', '--ignore-scripts', HUMAN], say);
}

function command(program: string, args: readonly string[], say: Say): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) say(`${program} failed: ${stderr.trim().slice(-500)}`);
}

function report(figures: readonly PeerFigures[]): string {
  const rows = figures.map(({ name, medianMs, ratio }) => [name, cell(medianMs), cell(ratio, 2)]);
  return `medians of ${ROUNDS} rounds, one thread each, the same 640x480 JPEG\n${columns(['SYSTEM', 'ms', 'ratio'], rows)}`;
}

export const peers: Bench<readonly PeerFigures[]> = {
  about: 'the door beside OpenCV, dlib, face-api and Human, which it installs',
  measure: (say) => comparePeers(ROUNDS, say),
  report,
};
