import { mkdir, readFile } from 'node:fs/promises';
import type * as tf from '@tensorflow/tfjs';
import * as z from 'zod';
import { startBackend, type Backend } from '../backend.js';
import type { Checkpoint } from '../checkpoint.js';
import { borderFor, centreOf } from '../data/augment.js';
import type { Crop } from '../data/crops.js';
import { fingerprint, loadFaces } from '../data/load-faces.js';
import { splitPeople, type Split } from '../data/split.js';
import { pairDistances, type PairDistances } from '../../../src/identity/calibration/pair-distances.js';
import { equalErrorRate } from '../evaluation/metrics.js';
import { embedCrops } from '../images.js';
import { readModel } from '../model-file.js';
import { readWeights, type StoredTensors } from '../named-weights.js';
import { networkNamed, trainableParameters } from '../networks/index.js';
import { scaleTemplate } from '../networks/templates.js';
import { createRandom } from '../random.js';
import { writeWhole } from '../../../src/write-whole.js';
import { trainingSchema, type TrainingSettings } from '../settings.js';
import { createTraining } from '../training.js';
import { loadModel } from '../weights/load-model.js';
import { trainingProgress } from './progress.js';
import { readCheckpoint, runFolder, runTraining, type RunEnd, type RunFolder } from './run.js';

export interface TrainCommand {
  /** A folder with a folder of photographs for each person. */
  readonly data: string;
  readonly out: string;
  readonly modelsFolder: string;
  /** What the run is to be like, where it is not the default; not looked at when a run goes on. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** A model whose weights the network starts from. */
  readonly from?: string | undefined;
  readonly resume: boolean;
  readonly backend?: Backend | undefined;
  readonly stream: NodeJS.WriteStream;
  readonly stop: AbortSignal;
}

/** How a run ended; the errors are those of the people who were kept from training. */
export interface TrainResult {
  readonly end: RunEnd;
  readonly steps: number;
  readonly people: Split;
  readonly heldOut?: HeldOut | undefined;
}

export interface HeldOut {
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  readonly eer: number;
  /** The same photographs compared pixel by pixel. */
  readonly pixelEer: number;
}

/** Trains, from the start or on from the checkpoint in the folder, and compares the result with comparing pixels. */
export async function train(command: TrainCommand): Promise<TrainResult> {
  const say = (text: string) => void command.stream.write(`${text}\n`);
  const folder = runFolder(command.out);
  const checkpoint = await checkpointOf(command, folder);
  const backend = await startBackend(command.backend);
  const weights = checkpoint || command.from === undefined ? undefined : await startWeights(command.from);
  const wanted = checkpoint ? checkpoint.settings : settingsOf(command, weights);
  const network = networkNamed(wanted.network);

  const crops = await cutFaces(command, wanted, say);
  const data = fingerprint(command.data, crops);
  if (checkpoint && checkpoint.settings.data !== data) {
    throw new Error(`expected the photographs that the run in ${command.out} began with, received others in ${command.data}`);
  }
  const settings = { ...wanted, data };
  const people = splitPeople(
    crops.map((crop) => crop.person),
    { validation: settings.validationPeople, test: settings.testPeople },
    createRandom(settings.seed).fork(),
  );
  const of = (names: readonly string[]) => crops.filter((crop) => names.includes(crop.person));
  await mkdir(folder.folder, { recursive: true });
  await writeWhole(folder.split, `${JSON.stringify(people, undefined, 2)}\n`);

  const training = createTraining(settings, of(people.train), { checkpoint, weights: weights?.tensors });
  if (!checkpoint) training.model.summary(110, undefined, (line: unknown) => say(String(line)));
  say(`${network.name}: ${trainableParameters(training.model)} parameters to train, on ${backend}`);
  say(`${people.train.length} people to train, ${people.validation.length} to validate, ${people.test.length} held out`);
  if (checkpoint) say(`going on after step ${checkpoint.step} of ${settings.steps}`);

  const progress = trainingProgress(command.stream, training.step, settings.steps, settings.validateEvery);
  const end = await runTraining({ training, validation: of(people.validation), folder, progress, stop: command.stop });
  if (end === 'interrupted') {
    say(`stopped after step ${training.step}; "npm run train -- --data ${command.data} --out ${command.out} --resume" goes on`);
    return { end, steps: training.step, people };
  }
  // What the file holds: with validation people the best of all steps, not the last.
  const { model } = await readModel(folder.model);
  const heldOut = people.test.length >= 2 ? measure(model, of(people.test), settings) : undefined;
  const result = { end, steps: training.step, people, heldOut };
  await writeWhole(folder.result, `${JSON.stringify({ ...result, settings }, undefined, 2)}\n`);
  say(`${end} after step ${training.step}: ${folder.model}`);
  if (heldOut) say(inWords(heldOut));
  return result;
}

async function checkpointOf({ resume, out }: TrainCommand, folder: RunFolder): Promise<Checkpoint | undefined> {
  const checkpoint = await readCheckpoint(folder);
  if (checkpoint && !resume)
    throw new Error(`expected a new folder for a new run, found one in ${out}: --resume goes on with it`);
  if (!checkpoint && resume) throw new Error(`expected a run to go on with in ${out}, found no checkpoint`);
  return checkpoint;
}

interface StartWeights {
  readonly network: string;
  readonly inputPx: number;
  readonly tensors: StoredTensors;
}

async function startWeights(source: string): Promise<StartWeights> {
  const { network, inputPx, model } = await loadModel(source);
  return { network: network.name, inputPx, tensors: readWeights(model) };
}

function settingsOf({ settings }: TrainCommand, from: StartWeights | undefined): TrainingSettings {
  const name = (settings.network as string | undefined) ?? from?.network ?? 'compact';
  if (from && name !== from.network)
    throw new Error(`expected weights of the network ${name}, received those of ${from.network}`);
  const network = networkNamed(name);
  const { learningRate } = network;
  // The weights were learnt at the size that their model had.
  const inputPx = from?.inputPx ?? network.inputPx;
  const parsed = trainingSchema.safeParse({ inputPx, learningRate, ...settings, network: name });
  if (!parsed.success) throw new Error(`expected settings within their limits, received: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function cutFaces(
  { data, modelsFolder }: TrainCommand,
  settings: TrainingSettings,
  say: (text: string) => void,
): Promise<Crop[]> {
  const { inputPx, augmentation } = settings;
  let unusable = 0;
  const crops = await loadFaces(data, {
    modelsFolder,
    inputPx,
    borderPx: borderFor(inputPx, augmentation),
    template: scaleTemplate(networkNamed(settings.network).template, inputPx),
    onUnusable: ({ path }, reason) => {
      unusable++;
      say(`passed over ${path}: ${reason}`);
    },
    onProgress: (done, total) => {
      if (done % 500 === 0 || done === total) say(`faces cut from ${done - unusable} of ${total} photographs`);
    },
  });
  return crops;
}

function measure(model: tf.LayersModel, crops: readonly Crop[], { network, inputPx }: TrainingSettings): HeldOut {
  const people = crops.map((crop) => crop.person);
  const eerOf = (pairs: PairDistances) => equalErrorRate(pairs).eer;
  const pairs = pairDistances(embedCrops(model, crops, inputPx, networkNamed(network).pixels), people);
  const pixels = pairDistances(
    crops.map((crop) => centreOf(crop, inputPx)),
    people,
  );
  return { genuinePairs: pairs.genuine.length, impostorPairs: pairs.impostor.length, eer: eerOf(pairs), pixelEer: eerOf(pixels) };
}

function inWords({ eer, pixelEer, genuinePairs, impostorPairs }: HeldOut): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return `equal error rate on the people held out: ${percent(eer)}, comparing pixels ${percent(pixelEer)} (${genuinePairs} genuine and ${impostorPairs} impostor pairs)`;
}

/** The people of a run, from its folder. */
export async function readSplit(folder: string): Promise<Split> {
  const names = z.array(z.string());
  const schema = z.object({ train: names, validation: names, test: names });
  return schema.parse(JSON.parse(await readFile(runFolder(folder).split, 'utf8')));
}
