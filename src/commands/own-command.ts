import { spawn } from 'node:child_process';

export interface OwnCommandOptions {
  readonly patienceMs: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** How a process ended: `problem` is absent where it ended well. */
export interface OwnCommandEnd {
  readonly problem?: string;
  /** The last of what it said on standard error. */
  readonly said: string;
}

/** Runs this very command in a process of its own, which is killed after `patienceMs`. Never rejects. */
export async function ownCommand(args: readonly string[], { patienceMs, ...options }: OwnCommandOptions): Promise<OwnCommandEnd> {
  const child = spawn(process.execPath, [process.argv[1], ...args], {
    ...options,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGKILL',
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-1_000)));
  const problem = await new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status, signal) => resolve(status === 0 ? undefined : `status ${status ?? signal ?? 'unknown'}`));
  });
  return { ...(problem !== undefined && { problem }), said: said.trim() };
}
