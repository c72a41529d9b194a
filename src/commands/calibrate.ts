import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { Presets, SingleBar } from 'cli-progress';
import { InvalidArgumentError, type Command } from 'commander';
import { readPicture } from '../camera/picture.js';
import { fault, reasonOf } from '../errors.js';
import { largestFace } from '../faces/face.js';
import { calibrationOf, supportedFmr } from '../identity/calibration/calibrate.js';
import { hardestPairs } from '../identity/calibration/hardest-pairs.js';
import { readPeopleFolder, type Photograph } from '../identity/calibration/labelled-folder.js';
import { pairDistances } from '../identity/calibration/pair-distances.js';
import { isLaxer, keepCalibration, LOCAL_MODELS, readCalibratedModels } from '../inference/local-models.js';
import { inferenceSettings } from '../vision.js';
import { calibrationReport, type Measured } from './calibration-report.js';
import type { Context } from './context.js';
import type { Run } from './run-command.js';

interface Options {
  readonly fmr: number;
  readonly allowLaxer?: boolean;
  readonly dryRun?: boolean;
  readonly reset?: boolean;
}

export function registerCalibrate(program: Command, run: Run): void {
  program
    .command('calibrate')
    .description(
      'measure on labelled photographs which raw distance of the encoder is to be 0.7, and keep it; exit status 1 when not',
    )
    .argument('[folder]', 'a folder of photographs for each person; the largest face of each counts')
    .option('--fmr <rate>', 'false match rate of the operating point; 0: nearer than every impostor pair', parseRate, 0)
    .option('--allow-laxer', 'keep it even if it takes pairs for one person that the shipped calibration does not')
    .option('--dry-run', 'measure and keep nothing')
    .option('--reset', 'go back to the calibration that the encoder came with')
    .action(run(calibrate));
}

function parseRate(given: string): number {
  const rate = Number(given);
  // Beyond one false match in a hundred a door lets in whoever tries often enough.
  if (given.trim() === '' || !(rate >= 0 && rate <= 0.01)) throw new InvalidArgumentError('Expected a rate from 0 to 0.01.');
  return rate;
}

async function calibrate(context: Context, folder: string | undefined, options: Options): Promise<number> {
  const { modelsFolder } = inferenceSettings(context.config);
  if (options.reset) return reset(context, modelsFolder);
  if (folder === undefined) throw fault('USAGE', { problem: 'expected a folder of photographs for each person, received none' });
  const photographs = await readPeopleFolder(folder);
  const path = join(modelsFolder, LOCAL_MODELS);
  if (!options.dryRun) await expectWritable(modelsFolder, path);

  const seen = await embed(context, photographs);
  const { encoder: id } = context.config.inference;
  const model = (await readCalibratedModels(modelsFolder)).find(({ shipped }) => shipped.id === id);
  const [shipped, inForce] = [model?.shipped.calibration, model?.inForce.calibration];
  if (!model || !shipped || !inForce) throw new TypeError(`${id} is no encoder: its manifest entry has no calibration`);

  const people = seen.faces.map(({ photograph }) => photograph.person);
  const vectors = seen.faces.map(({ vector }) => vector);
  const pairs = pairDistances(vectors, people);
  const calibration = calibrationOf(pairs, options.fmr);
  const laxer = isLaxer(calibration, shipped);
  const refused = laxer && !options.allowLaxer;
  const measured: Measured = {
    encoder: id,
    people: new Set(people).size,
    photographs: people.length,
    passedOver: seen.passedOver,
    calibration,
    pairs,
    supportsFmr: supportedFmr(pairs.impostor.length),
    shipped,
    inForce,
    laxer,
    // A wrong label looks like the nearest stranger, and decides the threshold.
    nearestImpostors: hardestPairs(vectors, people, 3).nearestImpostors.map(({ a, b, distance }) => ({
      photographs: [seen.faces[a].photograph.path, seen.faces[b].photograph.path],
      rawDistance: distance,
    })),
    kept: options.dryRun ? 'dry run' : refused ? 'refused' : 'written',
    path,
  };
  if (measured.kept === 'written') {
    await keepCalibration(modelsFolder, id, {
      model: id,
      sha256: model.shipped.sha256,
      measuredAt: context.clock.wallTime().toISOString(),
      people: measured.people,
      photographs: measured.photographs,
      laxer,
      calibration,
    });
  }
  const { value, text } = calibrationReport(measured);
  context.print(value, text);
  return measured.kept === 'refused' ? 1 : 0;
}

async function reset(context: Context, modelsFolder: string): Promise<number> {
  const { encoder } = context.config.inference;
  await keepCalibration(modelsFolder, encoder, undefined);
  context.print({ encoder, reset: true }, `${encoder} has the calibration again that it came with, from the next start on`);
  return 0;
}

/** Before the photographs, which may take an hour. */
async function expectWritable(folder: string, path: string): Promise<void> {
  try {
    await access(folder, constants.W_OK);
  } catch (error) {
    throw fault('FILE_UNWRITABLE', { path, reason: reasonOf(error) }, error);
  }
}

interface Seen {
  readonly faces: readonly { readonly photograph: Photograph; readonly vector: Float32Array }[];
  readonly passedOver: readonly { readonly path: string; readonly reason: string }[];
}

/** As the door looks, but for the quality that it asks for: turned and blurred strangers come nearer, and are to count. */
async function embed(context: Context, photographs: readonly Photograph[]): Promise<Seen> {
  const { config, json } = context;
  const vision = await context.vision({ anyQuality: true, withoutLiveness: true });
  const faces: { photograph: Photograph; vector: Float32Array }[] = [];
  const passedOver: { path: string; reason: string }[] = [];
  const format = 'calibrating {bar} {value}/{total} photographs | {eta_formatted} left';
  const bar = new SingleBar({ stream: process.stderr, format, barsize: 20 }, Presets.shades_classic);
  if (!json && process.stderr.isTTY) bar.start(photographs.length, 0);

  for (const [sequence, photograph] of photographs.entries()) {
    const { path } = photograph;
    try {
      const picture = await readPicture(path, { maxPixels: config.maxPicturePixels });
      const frame = { ...picture, capturedAtMs: 0, sequence, source: path };
      const largest = largestFace(await vision.detect(frame));
      const observation = largest && (await vision.observe(frame, largest));
      if (observation?.embedding) faces.push({ photograph, vector: observation.embedding.vector });
      else passedOver.push({ path, reason: 'no face in it' });
    } catch (error) {
      passedOver.push({ path, reason: reasonOf(error) });
    }
    bar.update(sequence + 1);
  }
  bar.stop();
  return { faces, passedOver };
}
