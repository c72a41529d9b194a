/** `daemon`: how soon a door is ready, and what it costs while it runs. */
import { join } from 'node:path';
import { resident, strangers } from '../demo/visitors.js';
import { pause, type Bench, type Say } from './bench.js';
import { inDoorFolder, playFromFirstVisitor } from './door-folder.js';
import { startMeasuredDoor } from './measured-door.js';
import { cpuMsOf, memoryOf } from './proc.js';
import { startShippedDoor } from './shipped-door.js';
import { median } from './statistics.js';

const STARTS = 9;
const RUNS = 3;
const WATCHED_SECONDS = 12;
const FPS = 10;

export interface DaemonFigures {
  /** From the start of the process to its `started` event, in the order of the starts. */
  readonly readyMs: readonly number[];
  /** To the state that tells of the first analysed frame, with somebody in it. */
  readonly firstFrameMs: readonly number[];
  /** Processor time of the process by then; Linux only. */
  readonly firstFrameCpuMs: readonly number[];
  readonly watchedSeconds: number;
  /** After `watchedSeconds` of visitors at 10 fps; Linux only. */
  readonly residentMegabytes: readonly number[];
  readonly peakMegabytes: readonly number[];
  /** How late the event loop was meanwhile, in a run of its own. */
  readonly loop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly frames: number;
  readonly cpuMsPerFrame: number;
}

async function measure(say: Say): Promise<DaemonFigures> {
  const settings = async (folder: string) => {
    const path = join(folder, 'frames');
    await playFromFirstVisitor(path, [resident.atTheDoor, strangers[1]]);
    return { camera: { adapter: 'folder', path, fps: FPS } };
  };
  return inDoorFolder(settings, async (folder) => {
    const readyMs: number[] = [];
    const firstFrameMs: number[] = [];
    const firstFrameCpuMs: number[] = [];
    for (let start = 0; start < STARTS; start++) {
      const door = await startShippedDoor(folder);
      readyMs.push(door.readyMs);
      firstFrameMs.push(await door.firstFrameMs);
      firstFrameCpuMs.push((await cpuMsOf(door.pid)) ?? NaN);
      await door.stop();
    }
    const residentMegabytes: number[] = [];
    const peakMegabytes: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      say(`visitors for ${WATCHED_SECONDS} s, ${run + 1} of ${RUNS + 1}`);
      const door = await startShippedDoor(folder);
      await pause(WATCHED_SECONDS * 1_000);
      const memory = await memoryOf(door.pid);
      if (memory) residentMegabytes.push(memory.residentMegabytes);
      if (memory) peakMegabytes.push(memory.peakMegabytes);
      await door.stop();
    }
    say(`visitors for ${WATCHED_SECONDS} s, with instruments`);
    const door = await startMeasuredDoor(folder);
    await door.figures();
    await pause(WATCHED_SECONDS * 1_000);
    const { frames, cpuMs, loop } = await door.figures();
    await door.stop();
    return {
      ...{
        readyMs,
        firstFrameMs,
        firstFrameCpuMs,
        watchedSeconds: WATCHED_SECONDS,
        residentMegabytes,
        peakMegabytes,
        loop,
        frames,
      },
      cpuMsPerFrame: cpuMs / frames,
    };
  });
}

function report(figures: DaemonFigures): string {
  const {
    readyMs,
    firstFrameMs,
    firstFrameCpuMs,
    watchedSeconds,
    residentMegabytes,
    peakMegabytes,
    loop,
    frames,
    cpuMsPerFrame,
  } = figures;
  const megabytes = (values: readonly number[]) => (values.length > 0 ? `${median(values).toFixed(0)} MB` : 'not known here');
  return [
    `medians of ${readyMs.length} starts: ready after ${median(readyMs).toFixed(0)} ms, the first frame decided after ${median(firstFrameMs).toFixed(0)} ms, ` +
      `${median(firstFrameCpuMs).toFixed(0)} ms of processor time`,
    `medians of ${peakMegabytes.length} runs: resident memory after ${watchedSeconds} s of visitors at ${FPS} fps ${megabytes(residentMegabytes)}, at its peak ${megabytes(peakMegabytes)}`,
    `event loop late by ${loop.p50Ms.toFixed(1)} ms (p50), ${loop.p99Ms.toFixed(1)} ms (p99), ${loop.maxMs.toFixed(1)} ms at most; ` +
      `${cpuMsPerFrame.toFixed(1)} ms of CPU a frame (${frames} frames, half of them empty)`,
  ].join('\n');
}

export const daemon: Bench<DaemonFigures> = { about: 'start, memory, event loop and CPU of the running daemon', measure, report };
