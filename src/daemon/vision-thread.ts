import type { Worker } from 'node:worker_threads';
import type { Frame } from '../camera/frame.js';
import type { Detection } from '../faces/face.js';
import { FacelatchError, isErrorCode, reasonOf } from '../errors.js';
import { createQueue } from '../in-turn.js';
import type { InferenceLog } from '../inference/create-session.js';
import type { ModelEntry } from '../inference/manifest.js';
import type { Observation, StageTimes, Vision, VisionSettings } from '../vision.js';
import { startVisionThread } from './start-vision-thread.js';
import type { FromVisionThread, ToVisionThread, VisionQuestion } from './vision-protocol.js';

/**
 * Vision in a thread of its own: ONNX Runtime blocks whoever asks it, and MQTT, the lock's timers and the camera's bytes need not
 * wait for that. The thread loads its models while the rest of the daemon is built.
 *
 * A thread that ends unasked fails every call from then on; the watch ends the daemon after some of them (watch.ts).
 *
 * @throws what openVision() throws
 */
export async function openVisionThread(config: VisionSettings, log: InferenceLog): Promise<Vision> {
  const { inference, quality, liveness } = config;
  const worker = prepared ?? register(startVisionThread());
  prepared = undefined;
  worker.ref();
  const thread = new Thread(worker, log);
  try {
    const told = await thread.ask({ ask: 'open', settings: { inference, quality, liveness } });
    if (told.tell !== 'opened') throw new Error(`expected the vision thread to open, received "${told.tell}"`);
    return new ThreadedVision(thread, told.encoder);
  } catch (error) {
    await thread.release();
    throw error;
  }
}

const living = new Set<Worker>();
let prepared: Worker | undefined;

/** This thread, already started, is the one of the next {@link openVisionThread}. */
export function adoptVisionThread(worker: Worker): void {
  prepared = register(worker);
}

function register(worker: Worker): Worker {
  living.add(worker);
  worker.once('exit', () => living.delete(worker));
  return worker;
}

/** Before the process ends, whatever ends it: ONNX Runtime brings it down with a signal when it goes in the middle of loading. */
export async function endVisionThreads(): Promise<void> {
  await Promise.all([...living].map(end));
}

async function end(worker: Worker): Promise<void> {
  const ended = new Promise((resolve) => worker.once('exit', resolve));
  worker.ref();
  worker.postMessage({ ask: 'release' } satisfies ToVisionThread);
  await ended;
}

/** One question at a time, one answer to each. */
class Thread {
  readonly #worker: Worker;
  #waiting: { resolve: (told: FromVisionThread) => void; reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;

  constructor(worker: Worker, log: InferenceLog) {
    this.#worker = worker;
    worker.on('message', (told: FromVisionThread) => {
      if (told.tell === 'log') log[told.level](told.fields, told.message);
      else if (told.tell === 'failed') this.#settle()?.reject(errorOf(told));
      else this.#settle()?.resolve(told);
    });
    worker.once('error', (error) => this.#end(`the vision thread failed: ${reasonOf(error)}`));
    worker.once('exit', (code) => this.#end(`the vision thread ended with status ${code}`));
  }

  ask(question: ToVisionThread): Promise<FromVisionThread> {
    if (!this.#ended) this.#worker.postMessage(question);
    return this.#next();
  }

  #next(): Promise<FromVisionThread> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  async release(): Promise<void> {
    if (this.#ended) return;
    await end(this.#worker);
  }

  #settle() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }

  #end(reason: string): void {
    this.#ended ??= new Error(reason);
    this.#settle()?.reject(this.#ended);
  }
}

class ThreadedVision implements Vision {
  readonly encoder: ModelEntry;
  readonly #thread: Thread;
  readonly #inTurn = createQueue();
  #times: StageTimes = { detectMs: 0, landmarksMs: 0, qualityMs: 0, livenessMs: 0, encodeMs: 0 };
  /** The frame whose pixels the thread has. */
  #shown: Frame | undefined;
  #pixels = new SharedArrayBuffer(0);

  constructor(thread: Thread, encoder: ModelEntry) {
    this.#thread = thread;
    this.encoder = encoder;
  }

  get times(): Readonly<StageTimes> {
    return this.#times;
  }

  detect(frame: Frame): Promise<Detection[]> {
    return this.#ask(frame, { ask: 'detect' }) as Promise<Detection[]>;
  }

  observe(frame: Frame, detection: Detection): Promise<Observation> {
    return this.#ask(frame, { ask: 'observe', detection }) as Promise<Observation>;
  }

  follow(...[frame, before, decided]: Parameters<Vision['follow']>): Promise<Observation | undefined> {
    return this.#ask(frame, { ask: 'follow', before, decided }) as Promise<Observation | undefined>;
  }

  release(): Promise<void> {
    return this.#inTurn(() => this.#thread.release());
  }

  #ask(frame: Frame, question: VisionQuestion): Promise<unknown> {
    return this.#inTurn(async () => {
      this.#show(frame);
      const { rgb, ...about } = frame;
      const told = await this.#thread.ask({ ...question, frame: { ...about, pixels: this.#pixels, bytes: rgb.length } });
      if (told.tell !== 'answer') throw new Error(`expected an answer of the vision thread, received "${told.tell}"`);
      this.#times = told.times;
      return told.answer;
    });
  }

  /** Nobody looks at the pixels of the frame before any more: questions wait for each other. */
  #show(frame: Frame): void {
    if (frame === this.#shown) return;
    if (frame.rgb.length > this.#pixels.byteLength) this.#pixels = new SharedArrayBuffer(frame.rgb.length);
    new Uint8Array(this.#pixels).set(frame.rgb);
    this.#shown = frame;
  }
}

function errorOf({ message, code }: Extract<FromVisionThread, { tell: 'failed' }>): Error {
  return code !== undefined && isErrorCode(code) ? new FacelatchError(code, message, undefined) : new Error(message);
}
