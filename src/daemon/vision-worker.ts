/** The vision thread: its main module (vision-thread.ts starts it). */
import { parentPort, workerData } from 'node:worker_threads';
import type { Frame } from '../camera/frame.js';
import { systemClock } from '../clock.js';
import { FacelatchError, reasonOf } from '../errors.js';
import { openVision, type LocalVision } from '../vision.js';
import type { FrameInMemory, FromVisionThread, ToVisionThread, VisionAnswer, VisionThreadData } from './vision-protocol.js';

const port = parentPort;
if (!port) throw new Error('expected to be started as a thread by vision-thread.js, found a process');

function tell(what: FromVisionThread): void {
  port?.postMessage(what);
}

function failed(error: unknown): void {
  tell({ tell: 'failed', message: reasonOf(error), ...(error instanceof FacelatchError && { code: error.code }) });
}

const log = {
  info: (fields: object, message: string) => tell({ tell: 'log', level: 'info', fields, message }),
  warn: (fields: object, message: string) => tell({ tell: 'log', level: 'warn', fields, message }),
};

async function answer(vision: LocalVision, question: Exclude<ToVisionThread, { ask: 'release' }>): Promise<VisionAnswer> {
  const frame = frameOf(question.frame);
  switch (question.ask) {
    case 'detect':
      return await vision.detect(frame);
    case 'observe':
      return await vision.observe(frame, question.detection);
    case 'follow':
      return await vision.follow(frame, question.before, question.decided);
  }
}

function frameOf({ pixels, bytes, ...frame }: FrameInMemory): Frame {
  return { ...frame, rgb: new Uint8Array(pixels, 0, bytes) };
}

try {
  const vision = await openVision(workerData as VisionThreadData, systemClock, log);
  port.on('message', (question: ToVisionThread) => {
    // Without a listener the thread ends.
    if (question.ask === 'release') void vision.release().finally(() => port.close());
    else answer(vision, question).then((it) => tell({ tell: 'answer', answer: it, times: { ...vision.times } }), failed);
  });
  tell({ tell: 'opened', encoder: vision.encoder });
} catch (error) {
  failed(error);
}
