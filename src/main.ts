#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node
/**
 * The command `facelatch`. A door's models take longer to load than anything else, so their thread starts before the rest is read;
 * `run` somewhere else on the command line costs a thread that nobody asks.
 */
import { prepareVisionThread } from './daemon/vision-thread.js';
import { makeRoomForPictures } from './heap.js';

makeRoomForPictures();
if (process.argv.includes('run')) prepareVisionThread();
await import('./cli.js');
