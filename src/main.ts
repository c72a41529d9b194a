#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node
/**
 * The command as it is shipped (dist/facelatch.cjs). A door's models take longer to load than anything else, so their thread starts
 * before the program is read; `run` somewhere else on the command line costs a thread that nobody asks.
 */
import { fileURLToPath } from 'node:url';
import type * as Cli from './cli.js';
import { startVisionThread } from './daemon/start-vision-thread.js';
import { runProgram } from './kept-code.js';
import { setV8Flags } from './v8-flags.js';

// First of all: code is kept for one set of flags.
setV8Flags();
const visionThread = process.argv.includes('run') ? startVisionThread() : undefined;
const { main } = runProgram(fileURLToPath(new URL('program/cli.cjs', import.meta.url))) as typeof Cli;
void main(visionThread);
