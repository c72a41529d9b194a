import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { writeWhole } from '../../../src/write-whole.js';
import type { StepResult } from '../training.js';

const header = 'step,loss,triplets,active,images_per_s,validation_eer';

export interface TrainingLog {
  /** One line for one step; the equal error rate where there was a validation after it. */
  append(result: StepResult, imagesPerSecond: number, validationEer?: number): void;
}

/**
 * The log of a run: CSV, one line for each step, which spreadsheets, pandas and TensorBoard's importers read.
 *
 * @param afterStep lines of later steps are dropped: a run that was killed repeats what came after its checkpoint
 */
export async function openTrainingLog(path: string, afterStep: number): Promise<TrainingLog> {
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(1) : [];
  // A line that was cut off belongs to a step after the checkpoint, or has no step at all.
  const kept = lines.filter((line) => line !== '' && Number.parseInt(line, 10) <= afterStep);
  await writeWhole(path, [header, ...kept, ''].join('\n'));
  return {
    append({ step, loss, triplets, active }, imagesPerSecond, validationEer) {
      const values = [step, loss, triplets, active, imagesPerSecond.toFixed(1), validationEer ?? ''];
      appendFileSync(path, `${values.join(',')}\n`);
    },
  };
}
