import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { DoorEvent } from '../../src/events.js';
import { start } from './cli.js';

/** So long may a busy machine be silent: longer is a failure that says what was seen instead. */
const PATIENCE_MS = 30_000;

/** `facelatch run --simulate --json` as somebody at a terminal sees it. */
export class LiveDoor {
  readonly events: DoorEvent[] = [];
  readonly errors: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<number | null>;
  #from = 0;
  #changed: () => void = () => undefined;

  constructor(folder: string) {
    this.#child = start(folder, ['run', '--simulate', '--json'], { FACELATCH_LOG: 'error' });
    createInterface(this.#child.stdout).on('line', (line) => {
      this.events.push(JSON.parse(line) as DoorEvent);
      this.#changed();
    });
    createInterface(this.#child.stderr).on('line', (line) => {
      this.errors.push(line);
      this.#changed();
    });
    this.#ended = new Promise((resolve) =>
      this.#child.once('close', (status) => {
        resolve(status);
        this.#changed();
      }),
    );
  }

  type(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** The first event with these fields after the last one that was asked for; waits for it. */
  async next(wanted: object): Promise<DoorEvent> {
    for (;;) {
      const found = this.events.findIndex((event, i) => i >= this.#from && matches(event, wanted));
      if (found >= 0) {
        this.#from = found + 1;
        return this.events[found];
      }
      await this.#change(JSON.stringify(wanted));
    }
  }

  /** A line on standard error; waits for it. */
  async error(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = this.errors.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      await this.#change(String(pattern));
    }
  }

  /** @returns the exit status */
  async stop(): Promise<number | null> {
    this.#child.kill('SIGTERM');
    return this.#ended;
  }

  async #change(awaited: string): Promise<void> {
    if (this.#child.exitCode !== null) {
      throw new Error(`the door ended before ${awaited}: ${this.errors.join('; ')} ${JSON.stringify(this.events)}`);
    }
    let patience: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#changed = resolve;
      patience = setTimeout(
        () => reject(new Error(`${awaited} has not come: ${this.errors.join('; ')} ${JSON.stringify(this.events)}`)),
        PATIENCE_MS,
      );
    });
    clearTimeout(patience);
  }
}

function matches(event: object, wanted: object): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => JSON.stringify((event as Record<string, unknown>)[name]) === JSON.stringify(value),
  );
}
