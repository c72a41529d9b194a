import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { switchTelemetryOff } from '../inference/runtime.js';

/** The thread that vision-thread.ts asks. It loads all that needs no configuration; where nobody asks it, nobody waits for it. */
export function startVisionThread(): Worker {
  switchTelemetryOff();
  const worker = new Worker(program(), { name: 'vision' });
  worker.unref();
  return worker;
}

/** Beside the command, or in what was built of this checkout. */
function program(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    for (const path of [join(folder, 'vision-thread.cjs'), join(folder, 'dist', 'vision-thread.cjs')]) {
      if (existsSync(path)) return path;
    }
    if (folder === dirname(folder)) throw new Error('expected vision-thread.cjs beside the command, found none');
  }
}
