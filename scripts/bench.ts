/**
 * `npm run bench`: where a frame's time goes. One 640x480 JPEG with one face; the whole way and its models alone take
 * turns in one run, so that whatever else the machine does weighs on both; medians, and their ratio.
 */
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { decodePicture } from '../src/camera/picture.js';
import { systemClock } from '../src/clock.js';
import { columns } from '../src/commands/output.js';
import { defaultConfig } from '../src/config.js';
import { largestFace } from '../src/faces/face.js';
import { rawThresholdOf } from '../src/identity/distance.js';
import { createGallery } from '../src/identity/gallery.js';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import { openModel, type ModelSession } from '../src/inference/model-session.js';
import { tune } from '../src/inference/tuning/tune.js';
import { inferenceSettings, modelIdsOf, openVision } from '../src/vision.js';
import { measureDaemon } from './bench/daemon.js';
import { measureFlood } from './bench/flood.js';
import { median } from './bench/median.js';
import { measurePeople, peopleReport } from './bench/people.js';
import { comparePeers } from './bench/peers/compare.js';
import { portrait, resident } from './demo/visitors.js';

const WARM_UP = 20;
const RUNS = 200;

if (process.argv.includes('--peers')) {
  const figures = await comparePeers(100, (line) => process.stderr.write(`${line}\n`));
  const rows = figures.map(({ name, medianMs, ratio }) => [name, medianMs.toFixed(1).padStart(6), ratio.toFixed(2).padStart(6)]);
  process.stdout.write(
    process.argv.includes('--json') ? `${JSON.stringify(figures)}\n` : `${columns(['SYSTEM', 'ms', 'ratio'], rows)}\n`,
  );
  process.exit();
}

if (process.argv.includes('flood')) {
  const photographs = join(defaultModelsFolder(), 'photographs');
  const all = [await measureFlood(photographs, 1_000), await measureFlood(photographs, 10_000)];
  const rows = all.map(({ perSecond, refused, quiet, flooded, ratio }) => [
    String(perSecond),
    String(refused),
    ...[quiet.p50Ms, flooded.p50Ms, quiet.p99Ms, flooded.p99Ms, ratio].map((value) => value.toFixed(2).padStart(8)),
  ]);
  const heading = ['REQUESTS/s', 'REFUSED', 'p50 ms', 'flooded', 'p99 ms', 'flooded', 'ratio'];
  process.stdout.write(process.argv.includes('--json') ? `${JSON.stringify(all)}\n` : `${columns(heading, rows)}\n`);
  process.exit();
}

if (process.argv.includes('--people')) {
  const figures = await measurePeople();
  process.stdout.write(`${process.argv.includes('--json') ? JSON.stringify(figures) : peopleReport(figures)}\n`);
  process.exit();
}

const defaults = defaultConfig();
// As a door runs after its first start, but on one thread.
const tunedFolder = join(defaultModelsFolder(), '../.cache/tuned');
const config = { ...defaults, inference: { ...defaults.inference, tunedFolder, threads: 1 } };
const log = pino({ level: 'warn' }, pino.destination(2));
await tune(modelIdsOf(config), inferenceSettings(config), tunedFolder);
// Liveness is a stage of its own: the three models are what the peers have too.
const vision = await openVision({ ...config, liveness: { ...config.liveness, passive: false } }, systemClock, log);
const withLiveness = await openVision(config, systemClock, log);
const shipped = await openShipped();
const gallery = tenPeople();
const jpeg = await oneFace();

const stages: Record<string, number[]> = {
  decode: [],
  detect: [],
  landmarks: [],
  quality: [],
  liveness: [],
  encode: [],
  match: [],
};
const whole: number[] = [];
const modelsAlone: number[] = [];
const shippedAlone: number[] = [];
// The models alone get what they got on the way: the encoder is a quarter faster on a constant picture than on a face.
const inputs = new Map<ModelSession, Float32Array>();
for (const session of vision.sessions) {
  const run = session.run.bind(session);
  Object.assign(session, {
    run: (input: Float32Array) => {
      inputs.set(session, input);
      return run(input);
    },
  });
}

for (let i = -WARM_UP; i < RUNS; i++) {
  const measured = await wholeWay();
  const alone = await time(async () => {
    for (const [session, input] of inputs) await session.run(input);
  });
  const asShipped = await time(async () => {
    for (const [session, input] of inputs) await shipped.get(session)?.run(input);
  });
  measured.stages.liveness = await livenessAlone();
  if (i < 0) continue;
  for (const [name, ms] of Object.entries(measured.stages)) stages[name].push(ms);
  whole.push(measured.totalMs);
  modelsAlone.push(alone);
  shippedAlone.push(asShipped);
}
for (const opened of [vision, withLiveness]) await opened.release();
for (const session of shipped.values()) await session.release();

const daemon = await measureDaemon(join(defaultModelsFolder(), 'photographs'));
const ratio = median(whole) / median(modelsAlone);
const ratioShipped = median(whole) / median(shippedAlone);
const result = {
  picture: '640x480 JPEG, one face',
  runs: RUNS,
  threads: config.inference.threads,
  stagesMs: Object.fromEntries(Object.entries(stages).map(([name, all]) => [name, median(all)])),
  wholeMs: median(whole),
  modelsAloneMs: median(modelsAlone),
  ratio,
  shippedAloneMs: median(shippedAlone),
  ratioShipped,
  readyMs: median(daemon.readyMs),
  peakMegabytes: daemon.peakMegabytes.length > 0 ? median(daemon.peakMegabytes) : undefined,
  daemon,
};
if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  const rows = [
    ...Object.entries(result.stagesMs),
    ['whole way, without liveness', result.wholeMs] as const,
    ['its three models alone, tuned', result.modelsAloneMs] as const,
    ['the three models alone, as shipped', result.shippedAloneMs] as const,
  ];
  process.stdout.write(
    `${result.picture}, ${RUNS} interleaved runs, ${config.inference.threads} thread, medians\n\n` +
      `${columns(
        ['STAGE', 'ms'],
        rows.map(([name, ms]) => [name, ms.toFixed(2).padStart(6)]),
      )}\n\nwhole way over its models alone: ${ratio.toFixed(2)}; over the models as they were shipped: ${ratioShipped.toFixed(2)}\n\n` +
      `the daemon, medians of ${daemon.readyMs.length} runs: ready after ${result.readyMs.toFixed(0)} ms; ` +
      `peak memory in ${daemon.watchedSeconds} s of visitors at 10 fps: ${result.peakMegabytes?.toFixed(0) ?? 'not known here'} MB\n`,
  );
}
process.exit();

async function wholeWay(): Promise<{ totalMs: number; stages: Record<string, number> }> {
  const start = performance.now();
  const picture = await decodePicture(jpeg, 'bench', { maxPixels: config.maxPicturePixels });
  const decoded = performance.now();
  const frame = { ...picture, capturedAtMs: start, sequence: 1, source: 'bench' };
  const face = largestFace(await vision.detect(frame));
  if (!face) throw new Error('the bench picture should show a face');
  const { embedding } = await vision.observe(frame, face);
  if (!embedding) throw new Error('the bench face should have an embedding');
  const encoded = performance.now();
  gallery.nearest(embedding);
  const end = performance.now();
  const { detectMs, landmarksMs, qualityMs, livenessMs, encodeMs } = vision.times;
  return {
    totalMs: end - start,
    stages: {
      decode: decoded - start,
      detect: detectMs,
      landmarks: landmarksMs,
      quality: qualityMs,
      liveness: livenessMs,
      encode: encodeMs,
      match: end - encoded,
    },
  };
}

/** The sessions of the way, as their models were shipped. */
async function openShipped(): Promise<Map<ModelSession, ModelSession>> {
  const settings = { ...inferenceSettings(config), tunedFolder: undefined };
  const open = async (session: ModelSession) => [session, await openModel(session.entry.id, settings, log)] as const;
  return new Map(await Promise.all(vision.sessions.map(open)));
}

async function livenessAlone(): Promise<number> {
  const picture = await decodePicture(jpeg, 'bench', { maxPixels: config.maxPicturePixels });
  const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: 'bench' };
  const face = largestFace(await withLiveness.detect(frame));
  if (face) await withLiveness.observe(frame, face);
  return withLiveness.times.livenessMs;
}

/** Ten people, the size of a household or a small office. */
function tenPeople() {
  const vector = new Float32Array(vision.encoder.outputs[0].shape[1]).fill(0.1);
  return createGallery(
    Array.from({ length: 10 }, (_, i) => ({
      id: String(i),
      name: `Person ${i}`,
      cards: [],
      createdAt: '',
      templates: [
        {
          id: String(i),
          encoder: vision.encoder.id,
          modelSha256: vision.encoder.sha256,
          vector,
          quality: 1,
          createdAt: '',
          source: 'photo' as const,
        },
      ],
    })),
    vision.encoder,
    rawThresholdOf(vision.encoder),
  );
}

async function oneFace(): Promise<Buffer> {
  const photographs = join(defaultModelsFolder(), 'photographs');
  const person = await sharp(await portrait(photographs, resident.atTheDoor))
    .resize({ height: 400 })
    .toBuffer();
  const wall = sharp({ create: { width: 640, height: 480, channels: 3, background: { r: 96, g: 104, b: 112 } } });
  return wall
    .composite([{ input: person }])
    .jpeg({ quality: 90 })
    .toBuffer();
}

async function time(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
