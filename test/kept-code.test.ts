import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KEEP_CODE, keptCodeOf, readKeptCode, runProgram } from '../src/kept-code.js';
import { root } from './support/photographs.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'facelatch-kept-code-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const builtUrl = (file: string) => pathToFileURL(join(root, 'dist', 'src', file)).href;

/** Code is kept by a process that ends. */
function runInProcess(program: string, env: NodeJS.ProcessEnv): string {
  const text = `import { runProgram } from '${builtUrl('kept-code.js')}'; console.log(JSON.stringify(runProgram('${program}')));`;
  const args = ['--input-type=module', '--eval', text];
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } }).stdout.trim();
}

/** Whether V8, with the flags of a door, takes what is kept of this program. */
function isTaken(program: string): boolean {
  const text =
    `import { compileProgram } from '${builtUrl('kept-code.js')}'; import { setV8Flags } from '${builtUrl('v8-flags.js')}';` +
    `setV8Flags(); console.log(compileProgram('${program}').wasKept);`;
  return spawnSync(process.execPath, ['--input-type=module', '--eval', text], { encoding: 'utf8' }).stdout.trim() === 'true';
}

describe('runProgram', () => {
  const text = 'module.exports = { sum: 40 + 2, strict: (function () { return this === undefined; })(), url: bundleUrl };\n';
  let program: string;
  let expected: object;

  beforeEach(() => {
    program = join(folder, 'program.cjs');
    writeFileSync(program, text);
    expected = { sum: 42, strict: true, url: pathToFileURL(program).href };
  });

  it('gives what the program exports, and keeps nothing unless it is told to', () => {
    expect(runProgram(program)).toEqual(expected);
    expect(JSON.parse(runInProcess(program, {}))).toEqual(expected);
    expect(readdirSync(folder)).toEqual(['program.cjs']);
  });

  it('keeps the code at the end of the process, and runs by it', () => {
    expect(JSON.parse(runInProcess(program, { [KEEP_CODE]: '1' }))).toEqual(expected);
    expect(readdirSync(folder)).toEqual(['program.cjs', 'program.cjs.compiled']);
    expect(readKeptCode(program)?.length).toBeGreaterThan(100);
    expect(runProgram(program)).toEqual(expected);
  });

  it('takes no code of another program, not even of one of the same length', () => {
    runInProcess(program, { [KEEP_CODE]: '1' });
    writeFileSync(program, text.replace('40 + 2', '40 + 3'));
    expect(readKeptCode(program)).toBeUndefined();
    expect(runProgram(program)).toMatchObject({ sum: 43 });
  });

  it('takes no code that is damaged, whichever byte of it', () => {
    runInProcess(program, { [KEEP_CODE]: '1' });
    const kept = readFileSync(keptCodeOf(program));
    for (let at = 0; at < kept.length; at++) {
      const damaged = Buffer.from(kept);
      damaged[at] ^= 0x10;
      writeFileSync(keptCodeOf(program), damaged);
      expect(readKeptCode(program)).toBeUndefined();
    }
    for (const length of [0, 20, 32, 33, kept.length - 1]) {
      writeFileSync(keptCodeOf(program), kept.subarray(0, length));
      expect(readKeptCode(program)).toBeUndefined();
    }
    expect(runProgram(program)).toEqual(expected);
  });
});

describe('facelatch precompile', () => {
  const programs = ['cli.cjs', 'vision-worker.cjs'];

  /** What is shipped, in a folder of the test's. */
  function ship(models: boolean): (...args: readonly string[]) => { status: number | null; stdout: string; stderr: string } {
    mkdirSync(join(folder, 'dist', 'program'), { recursive: true });
    for (const file of ['facelatch.cjs', 'vision-thread.cjs', ...programs.map((name) => join('program', name))])
      cpSync(join(root, 'dist', file), join(folder, 'dist', file));
    cpSync(join(root, 'package.json'), join(folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    if (models) symlinkSync(join(root, 'models'), join(folder, 'models'));
    return (...args) =>
      spawnSync(process.execPath, [join(folder, 'dist', 'facelatch.cjs'), ...args], { cwd: folder, encoding: 'utf8' });
  }

  it('keeps the code of both threads, which V8 takes, and does it again only where it must', () => {
    const facelatch = ship(true);
    expect(facelatch('precompile')).toMatchObject({ status: 0, stdout: expect.stringContaining('is kept') as string });
    for (const name of programs) expect(isTaken(join(folder, 'dist', 'program', name))).toBe(true);
    expect(facelatch('precompile', '--if-needed').stdout).toContain('already');
    expect(facelatch('--version')).toMatchObject({ status: 0, stderr: '' });

    writeFileSync(join(folder, 'dist', 'program', 'cli.cjs.compiled'), 'no code');
    expect(facelatch('--version')).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(facelatch('--json', 'precompile', '--if-needed').stdout)).toEqual({ precompiled: true });
    expect(isTaken(join(folder, 'dist', 'program', 'cli.cjs'))).toBe(true);
  }, 60_000);

  it('says why nothing was kept, and the command works without', () => {
    const facelatch = ship(false);
    const { status, stderr } = facelatch('precompile');
    expect(status).toBe(3);
    expect(stderr).toMatch(
      /^facelatch: expected to keep the compiled program at .*received: "run --simulate" ended with status 6/,
    );
    expect(facelatch('--version').status).toBe(0);
    expect(existsSync(join(folder, 'models'))).toBe(false);
  }, 60_000);
});
