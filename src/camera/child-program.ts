import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock.js';

/** A program that runs until it is told to end. */
export interface Program {
  readonly program: string;
  /** Handed over as they are; no shell reads them. */
  readonly args: readonly string[];
  /** The package to install where the program is missing. */
  readonly fromPackage: string;
}

export interface Ending {
  /** The program ended by itself and called it a success. */
  readonly clean: boolean;
  /** How it ended and its last words, for people. */
  readonly reason: string;
}

export interface ChildProgram {
  /** What it writes; null where it could not be started, or the system is out of file descriptors. */
  readonly output: Readable | null;
  /** Settles when the program has gone and its output is read; never rejects. */
  readonly ended: Promise<Ending>;
  /** Asks the program to end, and insists after a grace. Safe to call twice, and after the end. Resolves with `ended`. */
  readonly kill: () => Promise<Ending>;
}

export interface ChildOptions {
  readonly clock: Clock;
  /** Takes secrets out of what the program says. */
  readonly redact: (text: string) => string;
  /** What it reads; nothing unless given. */
  readonly input?: Readable | undefined;
  /** Where it writes: standard output, or descriptor 3 where others print to standard output. */
  readonly outputDescriptor?: 1 | 3 | undefined;
  /** What asks it to end. */
  readonly endSignal?: 'SIGTERM' | 'SIGINT' | undefined;
}

// ffmpeg ends within some 50 ms of SIGTERM unless it hangs in a driver.
const GRACE_MS = 1_000;
const LONGEST_LINE = 300;

/** Starts the program. One that cannot be started has an ending like others. */
export function startProgram(command: Program, options: ChildOptions): ChildProgram {
  const { clock, redact, input, outputDescriptor = 1, endSignal = 'SIGTERM' } = options;
  const outputs = outputDescriptor === 1 ? (['pipe', 'pipe'] as const) : (['ignore', 'pipe', 'pipe'] as const);
  const child: ChildProcess = spawn(command.program, command.args, {
    stdio: [input ?? 'ignore', ...outputs],
    // Nothing else of our environment is a camera's business, least of all the paths of our credentials.
    env: {
      PATH: process.env['PATH'] ?? '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      AV_LOG_FORCE_NOCOLOR: '1',
      LIBCAMERA_LOG_LEVELS: '*:ERROR',
    },
  });
  const { promise: ended, resolve: end } = withResolvers<Ending>();
  let killing = false;

  child.once('error', (thrown: NodeJS.ErrnoException) => {
    // Emitted for a failing kill as well; then the process is still there.
    if (child.pid === undefined) end({ clean: false, reason: startFailure(command, thrown) });
  });
  // Where the system is out of file descriptors there are no streams at all, whatever the type says.
  const output = (child.stdio as typeof child.stdio | undefined)?.[outputDescriptor] as Readable | null | undefined;
  const lastWords = keepLastLine(child.stderr);
  child.once('close', (status, signal) => {
    end({ clean: status === 0, reason: endingReason(command.program, status, signal, redact(lastWords())) });
  });

  async function kill(): Promise<Ending> {
    if (!killing && isRunning(child)) {
      killing = true;
      child.kill(endSignal);
      const insist = clock.after(GRACE_MS, () => child.kill('SIGKILL'));
      // A process that hangs in a driver outlives SIGKILL. The camera goes on without it, and the next attempt tells why.
      const abandon = clock.after(2 * GRACE_MS, () => {
        output?.destroy();
        child.stderr?.destroy();
        child.unref();
        end({ clean: false, reason: `${command.program} does not end, not even by SIGKILL` });
      });
      await ended;
      insist.cancel();
      abandon.cancel();
    }
    return ended;
  }

  return { output: child.pid === undefined ? null : (output ?? null), ended, kill };
}

function withResolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** The last line that says something; ffmpeg often closes with a general "Conversion failed!". */
function keepLastLine(stderr: Readable | null): () => string {
  let line = '';
  let unfinished = '';
  const keep = (text: string) => {
    const words = text.replace(/^(\[[^\]]*\]\s*)+/, '').trim();
    if (words !== '' && !/^(Conversion failed!|Exiting )/.test(words)) line = words;
  };
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (unfinished + text).split(/[\r\n]+/);
    unfinished = (lines.pop() ?? '').slice(-LONGEST_LINE);
    lines.forEach(keep);
  });
  return () => {
    keep(unfinished);
    return line.slice(0, LONGEST_LINE);
  };
}

function startFailure({ program, fromPackage }: Program, thrown: NodeJS.ErrnoException): string {
  return thrown.code === 'ENOENT'
    ? `the program "${program}" is not installed (apt-get install ${fromPackage})`
    : `the program "${program}" cannot be started: ${thrown.message}`;
}

function endingReason(program: string, status: number | null, signal: string | null, lastWords: string): string {
  const how = signal === null ? `ended with status ${status ?? 'unknown'}` : `was ended by ${signal}`;
  return lastWords === '' ? `${program} ${how}` : `${program} ${how}: ${lastWords}`;
}
