/**
 * The door's own way with a frame: a frame for each line on standard input.
 * Arguments: `whole` (from JPEG to embedding) or `models` (the three networks alone, on the tensors of that frame), and a JPEG.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { decodePicture } from '../../../src/camera/picture.js';
import { systemClock } from '../../../src/clock.js';
import { defaultConfig } from '../../../src/config.js';
import { largestFace } from '../../../src/faces/face.js';
import { defaultModelsFolder } from '../../../src/inference/manifest.js';
import { openVision } from '../../../src/vision.js';
import { answer } from './answer.js';

const [part, jpegPath] = process.argv.slice(2);
const config = defaultConfig();
// The peers judge no liveness, and everybody has one thread. The whole way runs tuned, as a door does after its first start; the
// models alone run as they were shipped.
const folder = join(defaultModelsFolder(), '../.cache/tuned');
const inference = { ...config.inference, threads: 1, tunedFolder: part === 'whole' ? folder : join(folder, 'none') };
const vision = await openVision(
  { ...config, inference, liveness: { ...config.liveness, passive: false } },
  systemClock,
  pino({ level: 'silent' }),
);
const jpeg = readFileSync(jpegPath);

async function whole(): Promise<void> {
  const picture = await decodePicture(jpeg, 'bench', { maxPixels: config.maxPicturePixels });
  const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: 'bench' };
  const face = largestFace(await vision.detect(frame));
  if (!face || !(await vision.observe(frame, face)).embedding) throw new Error('no face in the picture of the bench');
}

if (part === 'whole') await answer(whole);
else {
  const fed = vision.sessions.map((session) => {
    const run = session.run.bind(session);
    const kept: { input?: Float32Array } = {};
    Object.assign(session, { run: (input: Float32Array) => run((kept.input = input)) });
    return { run, kept };
  });
  await whole();
  await answer(async () => {
    for (const { run, kept } of fed) if (kept.input) await run(kept.input);
  });
}
process.exit();
