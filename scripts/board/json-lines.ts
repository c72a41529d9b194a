import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

interface Reply {
  readonly id?: number;
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Asks QEMU (QMP), or the agent inside its machine, over a socket: one JSON object a line each way, joined by their ids. */
export class JsonLines {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // Whoever waits is told by `close`, which follows.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the machine has closed the connection'));
      this.#waiting.clear();
    });
    const lines = createInterface({ input: socket });
    lines.on('line', (line) => this.#hear(line));
    lines.on('error', () => undefined);
  }

  /** Waits for the socket to be there, `withinMs` at most. */
  static async connect(path: string, withinMs: number): Promise<JsonLines> {
    const giveUpAtMs = performance.now() + withinMs;
    for (;;) {
      try {
        const socket = connect(path);
        await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
        return new JsonLines(socket);
      } catch (error) {
        if (performance.now() > giveUpAtMs) throw error;
        await sleep(50);
      }
    }
  }

  /** @throws Error with the other side's reason, when the connection ends, and when no answer comes within `withinMs` */
  async ask(execute: string, args: object = {}, withinMs = 600_000): Promise<unknown> {
    const id = ++this.#lastId;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    if (this.#socket.destroyed) throw new Error('the machine has closed the connection');
    this.#socket.write(`${JSON.stringify({ execute, arguments: args, id })}\n`);
    const late = new AbortController();
    const timeout = sleep(withinMs, undefined, { signal: late.signal }).then(() => {
      throw new Error(`expected an answer to ${execute} within ${withinMs} ms, received none`);
    });
    try {
      return await Promise.race([answer, timeout]);
    } finally {
      late.abort();
      timeout.catch(() => undefined);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(line: string): void {
    let reply: Reply;
    try {
      reply = JSON.parse(line) as Reply;
    } catch {
      // What an agent was saying when its machine was reset.
      return;
    }
    const waiting = reply.id === undefined ? undefined : this.#waiting.get(reply.id);
    if (reply.error) waiting?.reject(new Error(reply.error.desc));
    else waiting?.resolve(reply.return);
  }
}
