import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Clock } from '../clock.js';
import type { Picture } from './picture.js';
import { PpmStream } from './ppm-stream.js';

/** A program that writes PPM pictures to its standard output until it is told to end. */
export interface FrameCommand {
  readonly program: string;
  /** Handed over as they are; no shell reads them. */
  readonly args: readonly string[];
  /** The package to install where the program is missing. */
  readonly fromPackage: string;
  /** What people call the source of the pictures. */
  readonly source: string;
  /** The largest picture that is accepted, width times height. */
  readonly maxPixels: number;
  /** Takes secrets out of what the program says. */
  readonly redact: (text: string) => string;
}

export interface Ending {
  /** The program ended by itself and called it a success. */
  readonly clean: boolean;
  /** How it ended and its last words, for people. */
  readonly reason: string;
}

export interface FrameProcess {
  /** Settles when the program has gone and its pictures are delivered; never rejects. */
  readonly ended: Promise<Ending>;
  /** Asks the program to end, and insists after a grace. Safe to call twice, and after the end. Resolves with `ended`. */
  readonly kill: () => Promise<Ending>;
}

export type StartFrameProcess = (command: FrameCommand, clock: Clock, onPicture: (picture: Picture) => void) => FrameProcess;

// ffmpeg ends within some 50 ms of SIGTERM unless it hangs in a driver.
const GRACE_MS = 1_000;
const LONGEST_LINE = 300;

/** Starts the program. One that cannot be started has an ending like others. */
export const startFrameProcess: StartFrameProcess = (command, clock, onPicture) => {
  const child: ChildProcess = spawn(command.program, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing else of our environment is a camera's business, least of all the paths of our credentials.
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LANG: 'C.UTF-8', AV_LOG_FORCE_NOCOLOR: '1' },
  });
  const { promise: ended, resolve: end } = withResolvers<Ending>();
  let damage: string | undefined;
  let killing = false;

  child.once('error', (thrown: NodeJS.ErrnoException) => {
    // Emitted for a failing kill as well; then the process is still there.
    if (child.pid === undefined) end({ clean: false, reason: startFailure(command, thrown) });
  });
  // Where the system is out of file descriptors there are no streams at all, whatever the type says.
  const lastWords = keepLastLine(child.stderr);
  const pictures = new PpmStream(command.maxPixels, {
    onPicture,
    onDamage(reason) {
      damage = reason;
      void kill();
    },
  });
  child.stdout?.on('data', (chunk: Buffer) => pictures.push(chunk));
  child.once('close', (status, signal) => {
    const reason = damage ?? endingReason(command.program, status, signal, command.redact(lastWords()));
    end({ clean: status === 0 && damage === undefined, reason });
  });

  async function kill(): Promise<Ending> {
    if (!killing && isRunning(child)) {
      killing = true;
      child.kill('SIGTERM');
      const insist = clock.after(GRACE_MS, () => child.kill('SIGKILL'));
      // A process that hangs in a driver outlives SIGKILL. The camera goes on without it, and the next attempt tells why.
      const abandon = clock.after(2 * GRACE_MS, () => {
        child.stdout?.destroy();
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

  return { ended, kill };
};

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

function startFailure({ program, fromPackage }: FrameCommand, thrown: NodeJS.ErrnoException): string {
  return thrown.code === 'ENOENT'
    ? `the program "${program}" is not installed (apt-get install ${fromPackage})`
    : `the program "${program}" cannot be started: ${thrown.message}`;
}

function endingReason(program: string, status: number | null, signal: string | null, lastWords: string): string {
  const how = signal === null ? `ended with status ${status ?? 'unknown'}` : `was ended by ${signal}`;
  return lastWords === '' ? `${program} ${how}` : `${program} ${how}: ${lastWords}`;
}
