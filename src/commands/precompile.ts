import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { loadSharp } from '../camera/picture.js';
import { fault } from '../errors.js';
import { KEEP_CODE, keptCodeOf, readKeptCode } from '../kept-code.js';
import type { GlobalOptions } from './context.js';

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
      const command = await realpath(process.argv[1]);
      const programs = PROGRAMS.map((name) => join(dirname(command), 'program', name));
      const kept = ifNeeded && programs.every(isKept);
      if (!kept) await precompile(command, programs);
      const text = kept ? 'is there for this program and this Node already' : 'is kept; starts are quicker from now on';
      process.stdout.write(json ? `${JSON.stringify({ precompiled: true })}\n` : `the compiled program ${text}\n`);
    });
}

function isKept(program: string): boolean {
  try {
    return readKeptCode(program) !== undefined;
  } catch {
    // Not even the program: of a checkout that is not built.
    return false;
  }
}

/**
 * Lets a door see one grey picture, from its start to its end: what is compiled by then is what every start needs.
 * Throws PRECOMPILE_FAILED.
 */
async function precompile(command: string, programs: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-precompile-'));
  try {
    await writeDoor(folder);
    await facelatch(command, folder, ['people', 'init'], {});
    await facelatch(command, folder, ['run', '--simulate'], { [KEEP_CODE]: '1' });
    const missing = programs.find((program) => !isKept(program));
    if (missing !== undefined) {
      throw fault('PRECOMPILE_FAILED', { path: keptCodeOf(missing), reason: `nothing was kept by ${basename(command)}` });
    }
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

/** Runs the command in this folder. Throws PRECOMPILE_FAILED where it does not end well. */
async function facelatch(command: string, folder: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [command, '--config', join(folder, 'facelatch.yaml'), ...args], {
    cwd: folder,
    // The service manager's folders are another door's.
    env: { PATH: process.env['PATH'], HOME: folder, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: PATIENCE_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1_000)));
  const status = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code === 0 ? '' : `status ${code ?? signal ?? 'unknown'}`));
  });
  if (status !== '') {
    throw fault('PRECOMPILE_FAILED', {
      path: dirname(command),
      reason: `"${args.join(' ')}" ended with ${status}: ${said.trim()}`,
    });
  }
}
