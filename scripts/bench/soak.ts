/** `soak`: whether the memory of a door grows over 20,000 frames. Visitors come and go at 60 frames a second. */
import { columns } from '../../src/commands/output.js';
import { pause, cell, type Bench, type Say } from './bench.js';
import { inDoorFolder } from './door-folder.js';
import { startMeasuredDoor } from './measured-door.js';
import { MjpegCamera } from './mjpeg-camera.js';
import { VGA, wall } from './scenes.js';
import { somebodyStanding } from './stream.js';

const FPS = 60;
const READINGS = [1_000, 2_000, 5_000, 10_000, 15_000, 20_000];
const LOOK_EVERY_MS = 1_000;
/** One after the other, of two seconds at 30 fps each: a visit. */
const VISIT_ROUNDS = 4;
/** So long is nobody there between two visits: longer than a face is remembered (access.expireMs). */
const EMPTY_FRAMES = 100;
/** A stream from which nothing comes for so long is broken. */
const PATIENCE_MS = 30_000;

export interface SoakFigures {
  readonly readings: readonly SoakReading[];
  readonly framesPerSecond: number;
}

export interface SoakReading {
  readonly frames: number;
  readonly withFace: number;
  readonly residentMegabytes: number;
  /** After a garbage collection. */
  readonly heapMegabytes: number;
  readonly externalMegabytes: number;
}

async function measure(say: Say): Promise<SoakFigures> {
  const empty = await wall(VGA).jpeg({ quality: 90 }).toBuffer();
  const somebody = await somebodyStanding();
  const visit = Array.from({ length: VISIT_ROUNDS }, () => somebody).flat();
  const camera = new MjpegCamera([...visit, ...Array.from({ length: EMPTY_FRAMES }, () => empty)], FPS);
  const input = await camera.start();
  try {
    // An empty wall without noise, the same byte for byte, is no fault here.
    return await inDoorFolder(
      () => ({ camera: { adapter: 'ffmpeg', input, fps: FPS, frozenMs: 0 } }),
      async (folder) => {
        const door = await startMeasuredDoor(folder);
        try {
          const readings: SoakReading[] = [];
          let [frames, withFace, silentMs] = [0, 0, 0];
          const start = performance.now();
          while (readings.length < READINGS.length) {
            await pause(LOOK_EVERY_MS);
            const figures = await door.figures();
            frames += figures.frames;
            withFace += figures.seen.filter(({ faces }) => faces > 0).length;
            silentMs = figures.frames > 0 ? 0 : silentMs + LOOK_EVERY_MS;
            if (silentMs > PATIENCE_MS) throw new Error(`no frame came to the door for ${PATIENCE_MS / 1_000} s`);
            if (frames < READINGS[readings.length]) continue;
            const { residentMegabytes } = figures;
            const { frames: meanwhile, heapMegabytes, externalMegabytes } = await door.figures({ collect: true });
            frames += meanwhile;
            readings.push({ frames, withFace, residentMegabytes, heapMegabytes, externalMegabytes });
            say(`${frames} of ${READINGS.at(-1) ?? 0} frames: ${residentMegabytes.toFixed(0)} MB`);
          }
          return { readings, framesPerSecond: (1_000 * frames) / (performance.now() - start) };
        } finally {
          await door.stop();
        }
      },
    );
  } finally {
    camera.stop();
  }
}

function report({ readings, framesPerSecond }: SoakFigures): string {
  const rows = readings.map(({ frames, withFace, residentMegabytes, heapMegabytes, externalMegabytes }) =>
    [frames, withFace, residentMegabytes, heapMegabytes, externalMegabytes].map((value, i) => cell(value, i < 2 ? 0 : 1)),
  );
  return (
    `a 640x480 stream with visitors, ${framesPerSecond.toFixed(0)} frames a second; memory in MB, heap and external after a collection\n` +
    columns(['FRAMES', 'with a face', 'resident', 'heap', 'external'], rows)
  );
}

export const soak: Bench<SoakFigures> = { about: 'memory over 20,000 frames of a stream; some 6 minutes', measure, report };
