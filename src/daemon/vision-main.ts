/** The vision thread as it is shipped (dist/vision-thread.cjs). */
import { fileURLToPath } from 'node:url';
import { runProgram } from '../kept-code.js';

runProgram(fileURLToPath(new URL('program/vision-worker.cjs', import.meta.url)));
