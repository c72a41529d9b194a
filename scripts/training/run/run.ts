import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint } from '../checkpoint.js';
import type { Crop } from '../data/crops.js';
import { writeModel } from '../model-file.js';
import { networkNamed } from '../networks/index.js';
import { readTensors, writeTensors } from '../safetensors.js';
import type { Training } from '../training.js';
import { openTrainingLog } from './log-csv.js';
import type { TrainingProgress } from './progress.js';

/** Where a run keeps its files. */
export interface RunFolder {
  readonly folder: string;
  readonly checkpoint: string;
  /** The finished model, or the best so far. */
  readonly model: string;
  readonly log: string;
  /** Who was trained on, and who was not. */
  readonly split: string;
  readonly result: string;
}

export function runFolder(folder: string): RunFolder {
  return {
    folder,
    checkpoint: join(folder, 'checkpoint.safetensors'),
    model: join(folder, 'model.safetensors'),
    log: join(folder, 'log.csv'),
    split: join(folder, 'split.json'),
    result: join(folder, 'result.json'),
  };
}

/** The checkpoint of a run that was started before; undefined where there is none. */
export async function readCheckpoint({ checkpoint }: RunFolder): Promise<Checkpoint | undefined> {
  return existsSync(checkpoint) ? decodeCheckpoint(await readTensors(checkpoint), checkpoint) : undefined;
}

export interface RunOptions {
  readonly training: Training;
  /** Faces of the validation people; none means that training goes on to its last step. */
  readonly validation: readonly Crop[];
  readonly folder: RunFolder;
  readonly progress: TrainingProgress;
  /** Aborted when the run is to stop after the step it is at. */
  readonly stop: AbortSignal;
}

export type RunEnd = 'finished' | 'stopped early' | 'interrupted';

/** Trains to the end, or until validation brings nothing more, or until it is interrupted; writes checkpoints all along. */
export async function runTraining({ training, validation, folder, progress, stop }: RunOptions): Promise<RunEnd> {
  const { settings } = training;
  await mkdir(folder.folder, { recursive: true });
  const log = await openTrainingLog(folder.log, training.step);
  const keep = () => writeTensors(folder.checkpoint, encodeCheckpoint(training.checkpoint()));

  let end: RunEnd = 'finished';
  while (training.step < settings.steps) {
    // Lets signals in: a step computes without a pause.
    await setImmediate();
    if (stop.aborted) {
      end = 'interrupted';
      break;
    }
    const startMs = performance.now();
    const result = training.trainStep();
    const imagesPerSecond = (result.images * 1000) / (performance.now() - startMs);
    progress.step(result, imagesPerSecond);

    const look = validation.length > 0 && (result.step % settings.validateEvery === 0 || result.step === settings.steps);
    const validated = look ? training.validate(validation) : undefined;
    log.append(result, imagesPerSecond, validated?.eer);
    if (validated) {
      progress.line(`step ${result.step}: equal error rate on the validation people ${(100 * validated.eer).toFixed(1)} %`);
      if (validated.isBest) await writeTrained(training, folder);
    }
    // After the model: whoever is killed in between repeats the validation and writes the same model again.
    if (result.step % settings.checkpointEvery === 0) await keep();
    if (validated?.shouldStop) {
      end = 'stopped early';
      break;
    }
  }
  await keep();
  if (validation.length === 0 && end === 'finished') await writeTrained(training, folder);
  progress.end();
  return end;
}

async function writeTrained({ settings, model, step }: Training, folder: RunFolder): Promise<void> {
  const { network, inputPx, seed } = settings;
  const origin = `trained by facelatch: ${step} steps, seed ${seed}`;
  await writeModel(folder.model, { network: networkNamed(network), inputPx, model, origin });
}
