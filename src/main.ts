#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node
/**
 * The command `facelatch`. A door's models take longer to load than anything else, so their thread starts before the rest is read;
 * `run` somewhere else on the command line costs a thread that nobody asks.
 */
import { setFlagsFromString } from 'node:v8';
import { prepareVisionThread } from './daemon/vision-thread.js';

// A camera's pictures lie outside the heap but count for its growth: ten a second had a heap of 15 MB marked once or twice a second,
// for more than all else that a quiet door costs. Four times the live heap leaves room for them until a cheap scavenge frees them.
setFlagsFromString('--heap-growing-percent=300');

if (process.argv.includes('run')) prepareVisionThread();
await import('./cli.js');
