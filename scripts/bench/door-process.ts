/**
 * A door with instruments, in a process of its own: the daemon as `facelatch run` starts it, and what cannot be seen from outside.
 * Started by measured-door.ts in the door's folder. Argument: the configuration file. Each message asks for the figures since the one before; its
 * `collect` says whether garbage is collected first.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.js';
import { readConfig } from '../../src/config.js';
import { startDaemon } from '../../src/daemon.js';
import { openVisionThread } from '../../src/daemon/vision-thread.js';
import { setV8Flags } from '../../src/v8-flags.js';
import { readStamp } from './frame-stamp.js';
import type { DoorFigures, Question, Seen } from './measured-door.js';
import { machineMs } from './mjpeg-camera.js';

const [configFile] = process.argv.slice(2);
const DELAY_RESOLUTION_MS = 2;

setV8Flags();
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const config = readConfig(configFile);
const log = pino({ level: 'error' }, pino.destination(2));
const daemon = await startDaemon({ config, clock: systemClock, log, openVision: () => openVisionThread(config, log) });
let seen: Seen[] = [];
let frames = 0;
daemon.controls.lookout.onSighting(({ frame, faces }) => {
  frames++;
  // The door judges the faces right after this, in the same turn.
  queueMicrotask(() => {
    seen.push({
      ...{ faces: faces.length, stamp: readStamp(frame), decidedAtMs: machineMs() },
      ownMs: systemClock.monotonicMs() - frame.capturedAtMs,
    });
  });
});
const delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
delay.enable();
let cpu = process.cpuUsage();

process.on('message', ({ collect: wanted }: Question) => {
  const { user, system } = process.cpuUsage(cpu);
  // The histogram holds the time from one look to the next.
  const delayMs = (percentile: number) => Math.max(0, delay.percentile(percentile) / 1e6 - DELAY_RESOLUTION_MS);
  const loop = { p50Ms: delayMs(50), p99Ms: delayMs(99), maxMs: delayMs(100) };
  const residentMegabytes = process.memoryUsage.rss() / 1e6;
  if (wanted) collect();
  const { heapUsed, external } = process.memoryUsage();
  const figures: DoorFigures = {
    ...{ frames, seen, cpuMs: (user + system) / 1_000, loop, residentMegabytes },
    ...{ heapMegabytes: heapUsed / 1e6, externalMegabytes: external / 1e6 },
  };
  process.send?.(figures);
  seen = [];
  frames = 0;
  cpu = process.cpuUsage();
  delay.reset();
});
process.on('disconnect', () => void daemon.stop('measured').then(() => process.exit()));
process.send?.('ready');
