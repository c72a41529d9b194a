import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { loadSharp } from '../camera/picture.js';
import { fault } from '../errors.js';
import { KEEP_CODE, keptCodeOf, readKeptCode } from '../kept-code.js';
import type { GlobalOptions } from './context.js';
import { ownCommand } from './own-command.js';

const PROGRAMS = ['cli.cjs', 'vision-worker.cjs'];
/** A start takes a second; on an emulated board half a minute. */
const PATIENCE_MS = 180_000;

export function registerPrecompile(program: Command): void {
  program
    .command('precompile')
    .description('keep the compiled program beside it for quicker starts: after an installation, or with another Node')
    .option('--if-needed', 'only where that was not done for this program and this Node')
    .action(async ({ ifNeeded = false }: { ifNeeded?: boolean }) => {
      const { json = false } = program.opts<GlobalOptions>();
      const programs = join(dirname(await realpath(process.argv[1])), 'program');
      const kept = ifNeeded && missingIn(programs) === undefined;
      if (!kept) await precompile(programs);
      const text = kept ? 'is there for this program and this Node already' : 'is kept; starts are quicker from now on';
      process.stdout.write(json ? `${JSON.stringify({ precompiled: true })}\n` : `the compiled program ${text}\n`);
    });
}

/** The first program in this folder of which nothing is kept. */
function missingIn(folder: string): string | undefined {
  return PROGRAMS.map((name) => join(folder, name)).find((program) => !existsSync(program) || !readKeptCode(program));
}

/**
 * Lets a door see one grey picture, from its start to its end: what is compiled by then is what every start needs.
 * Throws PRECOMPILE_FAILED.
 */
async function precompile(programs: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-precompile-'));
  try {
    await writeDoor(folder);
    await facelatch(folder, ['people', 'init']);
    await facelatch(folder, ['run', '--simulate'], { [KEEP_CODE]: '1' });
    const missing = missingIn(programs);
    if (missing !== undefined) throw fault('PRECOMPILE_FAILED', { path: keptCodeOf(missing), reason: 'nothing was kept' });
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeDoor(folder: string): Promise<void> {
  const frames = join(folder, 'frames');
  const config = {
    camera: { adapter: 'folder', path: frames, loop: false },
    people: { file: join(folder, 'people.json') },
    mqtt: { embeddedPort: 0 },
    inference: { tuneAtStart: false },
  };
  await mkdir(frames);
  // JSON is YAML.
  await writeFile(join(folder, 'facelatch.yaml'), JSON.stringify(config));
  const grey = { width: 640, height: 480, channels: 3, background: { r: 128, g: 128, b: 128 } } as const;
  const sharp = await loadSharp();
  await sharp({ create: grey }).jpeg().toFile(join(frames, '1.jpg'));
}

/** Throws PRECOMPILE_FAILED where the command does not end well. */
async function facelatch(folder: string, args: readonly string[], env: Record<string, string> = {}): Promise<void> {
  const { problem, said } = await ownCommand(['--config', join(folder, 'facelatch.yaml'), ...args], {
    patienceMs: PATIENCE_MS,
    cwd: folder,
    // The service manager's folders are another door's.
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
  });
  if (problem !== undefined) {
    throw fault('PRECOMPILE_FAILED', {
      path: dirname(process.argv[1]),
      reason: `"${args.join(' ')}" ended with ${problem}: ${said}`,
    });
  }
}
