import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { root } from './photographs.js';

export const cliPath = join(root, 'dist', 'facelatch.cjs');

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line, in a folder of the test's. */
export function facelatch(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Answer> {
  const child = start(cwd, args, env);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, stdout, stderr })));
}

export function start(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [cliPath, ...args], { cwd, env: { ...process.env, ...env } });
}

/** Lines of JSON on standard output, as they come, until one satisfies `wanted`. */
export async function untilLine<T>(child: ChildProcessWithoutNullStreams, wanted: (value: T) => boolean): Promise<T[]> {
  const seen: T[] = [];
  let rest = '';
  return new Promise((resolve, reject) => {
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    child.on('close', (status) => reject(new Error(`ended with status ${status} before the line came: ${errors}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const value = JSON.parse(line) as T;
        seen.push(value);
        if (wanted(value)) resolve(seen);
      }
    });
  });
}
