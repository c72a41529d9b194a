// Trains an encoder on a folder of faces (docs/training.md).
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { reasonOf } from '../src/errors.js';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import type { Backend } from './training/backend.js';
import { networks } from './training/networks/index.js';
import { train } from './training/run/train-command.js';
import { trainingSchema } from './training/settings.js';
import { minings } from './training/triplets.js';

interface Options {
  readonly data: string;
  readonly out?: string;
  readonly from?: string;
  readonly resume?: boolean;
  readonly backend?: Backend;
  readonly network?: string;
}

const count = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('expected a whole number.');
  return Number(text);
};
const decimal = (text: string): number => {
  if (!(Number(text) > 0)) throw new InvalidArgumentError('expected a number above 0.');
  return Number(text);
};

// Which of the options below are settings of the run, under the names that they have there.
const settingNames = {
  network: 'network',
  inputSize: 'inputPx',
  seed: 'seed',
  steps: 'steps',
  people: 'peoplePerBatch',
  photographs: 'photographsEach',
  mining: 'mining',
  margin: 'margin',
  learningRate: 'learningRate',
  validation: 'validationPeople',
  test: 'testPeople',
  validateEvery: 'validateEvery',
  patience: 'patience',
  checkpointEvery: 'checkpointEvery',
  freeze: 'freezeUpTo',
} as const;

const defaults = trainingSchema.parse({ network: 'compact', inputPx: networks.compact.inputPx });

const program = new Command('npm run train --')
  .description('Trains a Siamese encoder with the triplet loss, on a folder that has a folder of photographs for each person.')
  .requiredOption('--data <folder>', 'the photographs')
  .addOption(new Option('--network <name>', 'what to train (compact)').choices(Object.keys(networks)))
  .option('--out <folder>', 'where the run keeps its files (runs/<network>)')
  .option('--from <model>', 'start from these weights: a model file or run, a folder of OpenFace’s CSV files, dlib-resnet')
  .option('--freeze <layer>', 'keep the weights of this layer and all before it')
  .option('--resume', 'go on with the run in --out')
  .option('--input-size <px>', 'width and height of the network’s input (its own)', count)
  .option('--seed <number>', `decides everything that is random (${defaults.seed})`, count)
  .option('--steps <n>', `batches to train on (${defaults.steps})`, count)
  .option('--people <n>', `people in a batch, P (${defaults.peoplePerBatch})`, count)
  .option('--photographs <n>', `photographs of each of them, K (${defaults.photographsEach})`, count)
  .addOption(new Option('--mining <how>', `which triplets of a batch count (${defaults.mining})`).choices(minings))
  .option('--margin <number>', `alpha of the triplet loss (${defaults.margin})`, decimal)
  .option('--learning-rate <number>', 'of Adam (the network’s own)', decimal)
  .option('--validation <people>', `people to choose the best step by (${defaults.validationPeople})`, count)
  .option('--test <people>', `people kept for the final figure (${defaults.testPeople})`, count)
  .option('--validate-every <steps>', `steps between validations (${defaults.validateEvery})`, count)
  .option('--patience <n>', `validations without a better one before training stops (${defaults.patience})`, count)
  .option('--checkpoint-every <steps>', `steps between checkpoints (${defaults.checkpointEvery})`, count)
  .addOption(
    new Option('--backend <name>', 'what computes (tensorflow if it is installed, else wasm)').choices([
      'tensorflow',
      'wasm',
      'cpu',
    ]),
  );

async function main(): Promise<void> {
  const options = program.parse().opts<Options & Record<string, unknown>>();
  const settings = Object.fromEntries(
    Object.entries(settingNames).flatMap(([option, setting]) =>
      options[option] === undefined ? [] : [[setting, options[option]]],
    ),
  );
  const stop = new AbortController();
  // The first Ctrl-C ends the run after its step, with a checkpoint; the second ends the process.
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  const { end } = await train({
    data: options.data,
    out: options.out ?? join('runs', options.network ?? 'compact'),
    modelsFolder: defaultModelsFolder(),
    settings,
    from: options.from,
    resume: options.resume ?? false,
    backend: options.backend,
    stream: process.stderr,
    stop: stop.signal,
  });
  // As a shell says of a process that SIGINT ended.
  if (end === 'interrupted') process.exitCode = 130;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`train: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
