// Writes a trained encoder as ONNX and adds it to the models of the door (docs/training.md).
import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { reasonOf } from '../src/errors.js';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import { startBackend } from './training/backend.js';
import { exportModel } from './training/onnx/export.js';
import { runFolder } from './training/run/run.js';
import { readSplit } from './training/run/train-command.js';
import { loadModel } from './training/weights/load-model.js';

interface Options {
  readonly data?: string;
  readonly name?: string;
}

const program = new Command('npm run export --')
  .description('Writes an encoder as ONNX, checks it in ONNX Runtime, calibrates it and adds it to the models of the door.')
  .argument('<model>', 'a run’s folder, a model file, a folder of OpenFace’s CSV files or of face-api’s models, or dlib-resnet')
  .argument('<out.onnx>', 'the file to write')
  .option('--data <folder>', 'labelled photographs to calibrate it by; without them the door cannot use it')
  .option('--name <id>', 'what "facelatch run --encoder" will call it (the network’s name)');

async function main(): Promise<void> {
  program.parse();
  const [source, out] = program.args;
  const { data, name } = program.opts<Options>();
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  await startBackend();
  const trained = await loadModel(source);
  const id = name ?? trained.network.name;
  // Whoever was trained on is told apart too easily to calibrate by.
  const without = existsSync(runFolder(source).split) ? (await readSplit(source)).train : [];
  const { bytes, parity, calibration } = await exportModel(trained, {
    id,
    out,
    modelsFolder: defaultModelsFolder(),
    calibrateBy: data === undefined ? undefined : { folder: data, without },
    progress: {
      onUnusable: ({ path }, reason) => say(`passed over ${path}: ${reason}`),
      onProgress: (done, total) => {
        if (done % 500 === 0 || done === total) say(`${done} of ${total} photographs`);
      },
    },
  });
  say(
    `${out}: ${bytes} bytes; ONNX Runtime and TensorFlow.js differ by ${parity.unit.toExponential(1)} at most on ${parity.inputs} pictures`,
  );
  if (!calibration) {
    say('not added to the models of the door: --data <folder> calibrates it');
    return;
  }
  const strictest = calibration.table.at(-1);
  if (without.length > 0) say(`calibrated without the ${without.length} people that it was trained on`);
  say(
    `calibrated: 0.7 is a raw distance of ${calibration.operatingPoint.rawDistance.toFixed(3)}, ` +
      `nearer than all ${strictest?.impostorPairs ?? 0} impostor pairs and farther than ${(100 * (strictest?.tmr ?? 0)).toFixed(1)} % of the ${calibration.genuinePairs} genuine ones`,
  );
  say(`"facelatch run --encoder ${id}" uses it`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`export: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
