/** `quiet`: what a door costs before which nobody stands, from a network camera at 10 frames a second. */
import sharp from 'sharp';
import { pause, type Bench, type Say } from './bench.js';
import { inDoorFolder } from './door-folder.js';
import { MjpegCamera } from './mjpeg-camera.js';
import { childrenOf, cpuMsOf } from './proc.js';
import { VGA, wall } from './scenes.js';
import { startShippedDoor } from './shipped-door.js';
import { median, sum } from './statistics.js';

const FPS = 10;
const SETTLE_MS = 5_000;
const WINDOWS = 5;
const WINDOW_SECONDS = 6;
const PICTURES = 32;
/** Standard deviation of the sensor's noise, of 255. */
const NOISE = 6;

export interface QuietFigures {
  readonly fps: number;
  readonly seconds: number;
  /** Of one core, in each window of the run: the door, and ffmpeg beside it. Linux only. */
  readonly doorShares: readonly number[];
  readonly ffmpegShares: readonly number[];
}

async function measure(say: Say): Promise<QuietFigures> {
  const camera = new MjpegCamera(await noisyWalls(), FPS);
  const input = await camera.start();
  try {
    return await inDoorFolder(
      () => ({ camera: { adapter: 'ffmpeg', input, fps: FPS } }),
      async (folder) => {
        const door = await startShippedDoor(folder);
        try {
          await door.firstFrameMs;
          await pause(SETTLE_MS);
          say(`nobody for ${WINDOWS * WINDOW_SECONDS} s`);
          const doorShares: number[] = [];
          const ffmpegShares: number[] = [];
          for (let window = 0; window < WINDOWS; window++) {
            const children = await childrenOf(door.pid);
            const look = async () => ({
              door: await cpuMsOf(door.pid),
              ffmpeg: sum(await cpuOfAll(children)),
              at: performance.now(),
            });
            const before = await look();
            await pause(WINDOW_SECONDS * 1_000);
            const after = await look();
            const tookMs = after.at - before.at;
            if (before.door === undefined || after.door === undefined) continue;
            doorShares.push((after.door - before.door) / tookMs);
            ffmpegShares.push((after.ffmpeg - before.ffmpeg) / tookMs);
          }
          return { fps: FPS, seconds: WINDOWS * WINDOW_SECONDS, doorShares, ffmpegShares };
        } finally {
          await door.stop();
        }
      },
    );
  } finally {
    camera.stop();
  }
}

const cpuOfAll = (pids: readonly number[]): Promise<number[]> => Promise.all(pids.map(async (pid) => (await cpuMsOf(pid)) ?? 0));

/** A wall as a sensor sees it: no two pictures are the same. */
function noisyWalls(): Promise<Buffer[]> {
  const noisy = async () => {
    const grain = await sharp({
      create: { ...VGA, channels: 3, background: 'black', noise: { type: 'gaussian', mean: 0, sigma: NOISE } },
    })
      .png()
      .toBuffer();
    return wall()
      .composite([{ input: grain, blend: 'add' }])
      .jpeg({ quality: 90 })
      .toBuffer();
  };
  return Promise.all(Array.from({ length: PICTURES }, noisy));
}

function report({ fps, seconds, doorShares, ffmpegShares }: QuietFigures): string {
  if (doorShares.length === 0) return 'the processor time of other processes is not known here';
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return (
    `640x480 MJPEG over HTTP at ${fps} fps, nobody there, ${seconds} s in ${doorShares.length} windows; of one core:\n` +
    `  the door ${percent(median(doorShares))} (${percent(Math.min(...doorShares))} to ${percent(Math.max(...doorShares))}), ` +
    `ffmpeg ${percent(median(ffmpegShares))}`
  );
}

export const quiet: Bench<QuietFigures> = { about: 'CPU of a door with nobody before it, at 10 fps', measure, report };
