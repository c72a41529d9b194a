#!/usr/bin/env node
// What the unit runs when the daemon has gone: `facelatch release` without everything else, because until this has run a killed
// daemon's relay may stand energised.
import { FacelatchError, reasonOf } from './errors.js';
import { releaseRelay } from './release.js';

try {
  await releaseRelay();
} catch (error) {
  process.stderr.write(`facelatch: ${reasonOf(error)}\n`);
  process.exitCode = error instanceof FacelatchError ? error.exitStatus : 70;
}
