import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';

/** In the environment of a process: at its end it keeps what was compiled of it (`facelatch precompile`). */
export const KEEP_CODE = 'FACELATCH_KEEP_CODE';

/** Where a program's compiled code is kept: beside it, writable by whoever may change the program itself, and not by the daemon. */
export const keptCodeOf = (program: string): string => `${program}.compiled`;

const HASH_BYTES = 32;

/**
 * Runs a bundled program (scripts/bundle.ts) with the code that V8 compiled of it before: compiling 3 MB of text is a fifth of what a
 * start costs (docs/performance.md). Where there is none, or one of another program, Node or processor, or a damaged one, the program
 * is compiled anew.
 *
 * @param program a script in CommonJS, beyond comments in ASCII
 * @returns what it exports
 */
export function runProgram(program: string): object {
  const text = readFileSync(program);
  const { script } = compileProgram(program, text);
  const module = { exports: {} };
  const run = script.runInThisContext() as (...of: readonly unknown[]) => void;
  run(createRequire(program), module, module.exports, pathToFileURL(program).href);
  if (process.env[KEEP_CODE] !== undefined) process.once('exit', () => keep(program, text, script.createCachedData()));
  return module.exports;
}

/** The program, and whether what was kept of it was of use. */
export function compileProgram(program: string, text: Buffer = readFileSync(program)): { script: Script; wasKept: boolean } {
  const cachedData = readKeptCode(program, text);
  // As Node wraps a module in CommonJS; strict, as the modules were that it is made of.
  const source = `(function (require, module, exports, bundleUrl) {'use strict';${text.toString('latin1')}\n})`;
  const script = new Script(source, { filename: program, ...(cachedData && { cachedData }) });
  return { script, wasKept: script.cachedDataRejected === false };
}

/** What was kept of this very program by this very Node, as V8 wrote it; undefined otherwise. V8 itself compares only lengths. */
export function readKeptCode(program: string, text: Uint8Array = readFileSync(program)): Buffer | undefined {
  let kept: Buffer;
  try {
    kept = readFileSync(keptCodeOf(program));
  } catch {
    return undefined;
  }
  const code = kept.subarray(HASH_BYTES);
  return hashOf(text, code).equals(kept.subarray(0, HASH_BYTES)) ? code : undefined;
}

function keep(program: string, text: Uint8Array, code: Uint8Array): void {
  const path = keptCodeOf(program);
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, Buffer.concat([hashOf(text, code), code]));
  renameSync(partial, path);
}

function hashOf(text: Uint8Array, code: Uint8Array): Buffer {
  const { node, v8 } = process.versions;
  return createHash('sha256')
    .update(JSON.stringify([node, v8, process.arch]))
    .update(text)
    .update(code)
    .digest();
}
