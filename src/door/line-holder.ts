import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const HAS_ENDED = 'the process that holds the line has ended';
/** A level takes microseconds; a board that is very busy takes longer. */
const ANSWER_WITHIN_MS = 1_000;
/** The process must be started first. */
const FIRST_ANSWER_WITHIN_MS = 10_000;
const LOOK_AGAIN_MS = 1;
/** So long may the process take to write the released level and go, before it is made to. */
const GO_WITHIN_MS = 1_000;

/**
 * A process that holds a line as an output, asked and answered synchronously, so that an exit handler can use it. Its standard
 * input closes when this process ends, however it ends, and it then releases the line (gpiochip-program.ts).
 *
 * Named pipes, because Node offers no synchronous way to talk to a process that goes on.
 */
export class LineHolder {
  readonly #process: ChildProcess;
  readonly #orders: number;
  readonly #answers: number;
  #unread = '';
  #closed = false;

  /** @throws Error when the process cannot be started or cannot have the line */
  constructor(program: string, args: readonly string[]) {
    const { parent, child } = openPipes();
    this.#orders = parent.orders;
    this.#answers = parent.answers;
    try {
      this.#process = spawn(program, args, { stdio: [child.orders, child.answers, 'ignore'] });
      // Told by the answers that do not come.
      this.#process.on('error', () => undefined);
      this.#process.unref();
    } finally {
      closeSync(child.orders);
      closeSync(child.answers);
    }
    try {
      this.#answer(FIRST_ANSWER_WITHIN_MS);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Writes a physical level and returns the one that the line then has. Whoever gets an error here must close this. */
  write(level: 0 | 1): 0 | 1 {
    return this.#order(`${level}`);
  }

  read(): 0 | 1 {
    return this.#order('?');
  }

  /** The process releases the line and goes. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#orders);
    // Nothing more is said: the end of the answers is the end of the process.
    try {
      while (readSoon(this.#answers, GO_WITHIN_MS) !== '');
    } catch {
      this.#process.kill('SIGKILL');
    }
    closeSync(this.#answers);
  }

  #order(order: string): 0 | 1 {
    if (this.#closed) throw new Error('the line was given back');
    try {
      writeSync(this.#orders, `${order}\n`);
    } catch (error) {
      throw new Error(HAS_ENDED, { cause: error });
    }
    return this.#answer(ANSWER_WITHIN_MS);
  }

  #answer(withinMs: number): 0 | 1 {
    while (!this.#unread.includes('\n')) {
      const text = readSoon(this.#answers, withinMs);
      if (text === '') throw new Error(HAS_ENDED);
      this.#unread += text;
    }
    const end = this.#unread.indexOf('\n');
    const answer = this.#unread.slice(0, end);
    this.#unread = this.#unread.slice(end + 1);
    if (answer === '0') return 0;
    if (answer === '1') return 1;
    throw new Error(answer.replace(/^error /, ''));
  }
}

interface Pipes {
  readonly orders: number;
  readonly answers: number;
}

/** Two pipes, each end a file descriptor that no other process inherits. The parent's reading end does not block. */
function openPipes(): { readonly parent: Pipes; readonly child: Pipes } {
  const folder = mkdtempSync(join(process.env['RUNTIME_DIRECTORY'] ?? tmpdir(), 'facelatch-line-'));
  try {
    const [orders, answers] = [join(folder, 'orders'), join(folder, 'answers')];
    const { status, stderr, error } = spawnSync('mkfifo', ['-m', '600', orders, answers], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`no pipe could be made: ${error?.message ?? stderr.trim()}`);
    // Opening one end waits for the other, unless this end does not block or the other is open.
    const answersForParent = openSync(answers, constants.O_RDONLY | constants.O_NONBLOCK);
    const both = openSync(orders, constants.O_RDWR);
    const child = { orders: openSync(orders, constants.O_RDONLY), answers: openSync(answers, constants.O_WRONLY) };
    const parent = { orders: openSync(orders, constants.O_WRONLY), answers: answersForParent };
    closeSync(both);
    return { parent, child };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** What comes next, as text; empty at the end. Throws when nothing comes in time. */
function readSoon(descriptor: number, withinMs: number): string {
  const buffer = Buffer.alloc(256);
  const giveUpAtMs = performance.now() + withinMs;
  for (;;) {
    try {
      return buffer.toString('utf8', 0, readSync(descriptor, buffer));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
    if (performance.now() > giveUpAtMs) throw new Error(`the process that holds the line says nothing for ${withinMs} ms`);
    Atomics.wait(sleeper, 0, 0, LOOK_AGAIN_MS);
  }
}
