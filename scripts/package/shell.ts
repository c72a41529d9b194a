import { spawn } from 'node:child_process';

/** Runs a program to its end, its output on standard error. Rejects with its name and status when it fails. */
export async function shell(program: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 2, 2] });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (status !== 0) throw new Error(`expected "${program} ${args.join(' ')}" to succeed, received exit status ${String(status)}`);
}
