import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface Peer {
  readonly name: string;
  /** @returns the milliseconds that one frame took */
  frame(): Promise<number>;
  stop(): void;
}

/** Starts a program that does one frame for each line that it gets, and waits until it is warm. Throws when it cannot. */
export async function startPeer(name: string, program: string, args: readonly string[]): Promise<Peer> {
  // One thread for everybody: OpenBLAS and OpenMP would take all cores.
  const env = { ...process.env, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' };
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-2_000)));
  child.stdin.on('error', () => undefined);
  const ended = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new Error(`${name}: ${error.message}`)));
    child.once('close', (status) => reject(new Error(`${name} ended with status ${status ?? 'none'}: ${errors.trim()}`)));
  });
  ended.catch(() => undefined);
  const lines: AsyncIterator<string, undefined> = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line: IteratorResult<string, undefined> = await Promise.race([lines.next(), ended]);
    return line.done === true ? ended : line.value;
  };
  for (let line = await next(); line !== 'ready'; line = await next());
  return {
    name,
    async frame() {
      child.stdin.write('\n');
      return Number(await next());
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
