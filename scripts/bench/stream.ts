/** `stream`: 30 frames a second from a network camera with somebody before it, all of the door on one core. */
import { cpus } from 'node:os';
import sharp from 'sharp';
import { portrait, resident } from '../demo/visitors.js';
import { pause, type Bench, type Say } from './bench.js';
import { inDoorFolder } from './door-folder.js';
import { STAMPS, stampOverlays } from './frame-stamp.js';
import { oneCore, startMeasuredDoor, type Seen } from './measured-door.js';
import { MjpegCamera } from './mjpeg-camera.js';
import { childrenOf, cpuMsOf } from './proc.js';
import { jpegOf, photographs, VGA } from './scenes.js';
import { quantile } from './statistics.js';

const FPS = 30;
const SETTLE_MS = 5_000;
const SECONDS = 30;
const PERSON_PX = 360;
const SWAY_PX = 12;

export interface StreamFigures {
  readonly fps: number;
  readonly seconds: number;
  /** The one core of door and ffmpeg; undefined where they could not be held to one. */
  readonly core: number | undefined;
  readonly sent: number;
  readonly decided: number;
  readonly withFace: number;
  /** From the moment in which the camera began to send a frame to the door's decision. */
  readonly fromCamera: Latency;
  /** From the moment in which the decoded frame had arrived in the door's process. */
  readonly fromArrival: Latency;
  readonly loop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  /** Of one core. */
  readonly doorCpuShare: number;
  readonly ffmpegCpuShare: number | undefined;
}

interface Latency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

async function measure(say: Say): Promise<StreamFigures> {
  const camera = new MjpegCamera(await somebodyStanding(), FPS);
  const core = oneCore(cpus().length);
  if (core === undefined) say('there is no taskset: the door may use every core');
  const input = await camera.start();
  try {
    const settings = () => ({ camera: { adapter: 'ffmpeg', input, fps: FPS }, inference: { threads: 1 } });
    return await inDoorFolder(settings, async (folder) => {
      const door = await startMeasuredDoor(folder, core);
      try {
        await pause(SETTLE_MS);
        const [ffmpeg] = await childrenOf(door.pid);
        await door.figures();
        const from = performance.now();
        const sentBefore = sentBy(camera);
        const ffmpegBefore = await cpuMsOf(ffmpeg);
        say(`${FPS} frames a second for ${SECONDS} s`);
        await pause(SECONDS * 1_000);
        const { seen, frames, cpuMs, loop } = await door.figures();
        const ffmpegAfter = await cpuMsOf(ffmpeg);
        const tookMs = performance.now() - from;
        return {
          ...{ fps: FPS, seconds: SECONDS, core, sent: sentBy(camera) - sentBefore, decided: frames, loop },
          withFace: seen.filter(({ faces }) => faces > 0).length,
          fromCamera: latencyOf(seen.map((one) => sinceSent(one, camera))),
          fromArrival: latencyOf(seen.map(({ ownMs }) => ownMs)),
          doorCpuShare: cpuMs / tookMs,
          ffmpegCpuShare:
            ffmpegBefore === undefined || ffmpegAfter === undefined ? undefined : (ffmpegAfter - ffmpegBefore) / tookMs,
        };
      } finally {
        await door.stop();
      }
    });
  } finally {
    camera.stop();
  }
}

/** As many frames as there are stamps, of somebody who sways a little. */
export async function somebodyStanding(): Promise<Buffer[]> {
  const person = await sharp(await portrait(photographs, resident.atTheDoor))
    .resize({ height: PERSON_PX })
    .toBuffer({ resolveWithObject: true });
  const top = Math.round((VGA.height - PERSON_PX) / 2);
  const frames = Array.from({ length: STAMPS }, async (_, stamp) => {
    const sway = Math.round(SWAY_PX * Math.sin((2 * Math.PI * stamp) / STAMPS));
    const left = Math.round((VGA.width - person.info.width) / 2) + sway;
    return jpegOf(VGA, [{ input: person.data, left, top }, ...(await stampOverlays(stamp))]);
  });
  return Promise.all(frames);
}

const sentBy = ({ sentAtMs }: MjpegCamera): number => sentAtMs.reduce((total, times) => total + times.length, 0);

function sinceSent({ stamp, decidedAtMs }: Seen, { sentAtMs }: MjpegCamera): number {
  // The same stamp comes again after two seconds.
  const sent = sentAtMs[stamp].filter((at) => at <= decidedAtMs).at(-1);
  return decidedAtMs - (sent ?? NaN);
}

const latencyOf = (values: readonly number[]): Latency => ({
  ...{ p50Ms: quantile(values, 0.5), p99Ms: quantile(values, 0.99), maxMs: quantile(values, 1) },
});

function report(figures: StreamFigures): string {
  const { fps, seconds, core, sent, decided, withFace, fromCamera, fromArrival, loop, doorCpuShare, ffmpegCpuShare } = figures;
  const latency = ({ p50Ms, p99Ms, maxMs }: Latency) =>
    `p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)}, at most ${maxMs.toFixed(1)} ms`;
  const percent = (share: number | undefined) => (share === undefined ? 'unknown' : `${(100 * share).toFixed(0)} %`);
  return [
    `640x480 MJPEG over HTTP, ${fps} fps for ${seconds} s, one face, door and ffmpeg on ${core === undefined ? 'any core' : `core ${core} alone`}`,
    `  ${sent} frames sent, ${decided} decided (${(decided / seconds).toFixed(1)} a second), ${withFace} with a face`,
    `  from the camera to the decision: ${latency(fromCamera)}`,
    `  from the arrival of the decoded frame: ${latency(fromArrival)}`,
    `  event loop late by: ${latency(loop)}`,
    `  of one core: the door ${percent(doorCpuShare)}, ffmpeg ${percent(ffmpegCpuShare)}`,
  ].join('\n');
}

export const stream: Bench<StreamFigures> = {
  about: '30 fps from a network camera with everything on one core',
  measure,
  report,
};
