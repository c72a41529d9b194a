/** The vision thread: its main module (vision-thread.ts starts it). */
import { parentPort } from 'node:worker_threads';
import type { Frame } from '../camera/frame.js';
import { systemClock } from '../clock.js';
import { FacelatchError, reasonOf } from '../errors.js';
import { loadRuntime } from '../inference/runtime.js';
import { openVision, type LocalVision, type Vision } from '../vision.js';
import type { FrameInMemory, FromVisionThread, ToVisionThread, VisionAnswer, VisionQuestion } from './vision-protocol.js';

const port = parentPort;
if (!port) throw new Error('expected to be started as a thread by vision-thread.js, found a process');

function tell(what: FromVisionThread): void {
  port?.postMessage(what);
}

const log = {
  info: (fields: object, message: string) => tell({ tell: 'log', level: 'info', fields, message }),
  warn: (fields: object, message: string) => tell({ tell: 'log', level: 'warn', fields, message }),
};

// Before anybody asks; what is wrong with it, `open` tells.
const runtime = loadRuntime();
runtime.catch(() => undefined);
let opening: Promise<LocalVision> | undefined;

port.on('message', (question: ToVisionThread) => {
  if (question.ask === 'release') void release();
  else answer(question).then(tell, failed);
});

async function answer(question: Exclude<ToVisionThread, { ask: 'release' }>): Promise<FromVisionThread> {
  if (question.ask === 'open') {
    opening = openVision(question.settings, systemClock, log);
    const vision = await opening;
    // After the answer: the rest of the daemon is built meanwhile.
    setImmediate(() => void vision.warmUp().catch(() => undefined));
    return { tell: 'opened', encoder: vision.encoder };
  }
  const vision = await opening;
  if (!vision) throw new Error(`expected to be opened before "${question.ask}"`);
  const it = await see(vision, question);
  return { tell: 'answer', answer: it, times: { ...vision.times } };
}

function see(vision: Vision, question: VisionQuestion & { readonly frame: FrameInMemory }): Promise<VisionAnswer> {
  const frame = frameOf(question.frame);
  switch (question.ask) {
    case 'detect':
      return vision.detect(frame);
    case 'observe':
      return vision.observe(frame, question.detection);
    case 'follow':
      return vision.follow(frame, question.before, question.decided);
  }
}

/** Not before everything is loaded: the runtime brings the process down that ends in the middle of it. */
async function release(): Promise<void> {
  await Promise.allSettled([runtime, opening]);
  await opening?.then((vision) => vision.release()).catch(() => undefined);
  // Without a listener the thread ends.
  port?.close();
}

function frameOf({ pixels, bytes, ...frame }: FrameInMemory): Frame {
  return { ...frame, rgb: new Uint8Array(pixels, 0, bytes) };
}

function failed(error: unknown): void {
  tell({ tell: 'failed', message: reasonOf(error), ...(error instanceof FacelatchError && { code: error.code }) });
}
