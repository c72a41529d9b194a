import { setTimeout as sleep } from 'node:timers/promises';
import type { JsonLines } from './json-lines.js';

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** On its standard input. */
  readonly input?: string;
  readonly withinMs?: number;
}

interface Status {
  readonly exited: boolean;
  readonly exitcode?: number;
  readonly signal?: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

/** Between two questions whether a command has ended: each costs the board some of its little time. */
const ASK_EVERY_MS = 300;

/** QEMU's guest agent: commands on the board, as root, without its network. */
export class Agent {
  readonly #lines: JsonLines;

  constructor(lines: JsonLines) {
    this.#lines = lines;
  }

  /** Whether the agent answers within `withinMs`. */
  async answers(withinMs: number): Promise<boolean> {
    return this.#lines.ask('guest-ping', {}, withinMs).then(
      () => true,
      () => false,
    );
  }

  /** Starts a shell command and waits neither for its end nor for its output. */
  async start(script: string): Promise<void> {
    await this.#lines.ask('guest-exec', { path: '/bin/sh', arg: ['-c', script] });
  }

  /** Runs a shell command to its end. @throws Error when it takes longer than `withinMs` (10 min unless given) */
  async run(script: string, { input, withinMs = 600_000 }: RunOptions = {}): Promise<Outcome> {
    const giveUpAtMs = performance.now() + withinMs;
    const { pid } = (await this.#lines.ask('guest-exec', {
      ...{ path: '/bin/sh', arg: ['-c', script], 'capture-output': true },
      ...(input !== undefined && { 'input-data': Buffer.from(input).toString('base64') }),
    })) as { pid: number };
    for (;;) {
      const status = (await this.#lines.ask('guest-exec-status', { pid })) as Status;
      if (status.exited) {
        const text = (data = '') => Buffer.from(data, 'base64').toString();
        return {
          status: status.exitcode ?? 128 + (status.signal ?? 0),
          stdout: text(status['out-data']),
          stderr: text(status['err-data']),
        };
      }
      if (performance.now() > giveUpAtMs) throw new Error(`expected "${script}" to end within ${withinMs} ms on the board`);
      await sleep(ASK_EVERY_MS);
    }
  }

  /** @throws Error with what it said when it fails */
  async must(script: string, options?: RunOptions): Promise<string> {
    const { status, stdout, stderr } = await this.run(script, options);
    if (status === 0) return stdout;
    const said = [stdout, stderr].join('\n').trim().slice(-2_000);
    throw new Error(`expected "${script}" to succeed on the board, received exit status ${status}: ${said}`);
  }

  close(): void {
    this.#lines.close();
  }
}
