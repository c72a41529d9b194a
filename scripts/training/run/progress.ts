import { Presets, SingleBar } from 'cli-progress';
import type { StepResult } from '../training.js';

/** What a person sees of a run while it goes on. */
export interface TrainingProgress {
  step(result: StepResult, imagesPerSecond: number): void;
  /** A line that does not spoil the bar. */
  line(text: string): void;
  /** Safe to call twice. */
  end(): void;
}

/** A bar on a terminal; plain lines, one in `every` steps, where `stream` is none. */
export function trainingProgress(stream: NodeJS.WriteStream, fromStep: number, steps: number, every: number): TrainingProgress {
  const line = (text: string) => void stream.write(`${text}\n`);
  return stream.isTTY ? bar(stream, fromStep, steps) : plain(line, fromStep, steps, every);
}

function describe({ loss, triplets, active }: StepResult, imagesPerSecond: number) {
  return {
    // The sum depends on how many triplets a batch has; the mean can be compared.
    loss: (loss / Math.max(1, triplets)).toFixed(4),
    active: `${((100 * active) / Math.max(1, triplets)).toFixed(0)} %`,
    speed: `${imagesPerSecond.toFixed(0)} images/s`,
  };
}

/** Time left, from the mean pace since the start. */
function clock(fromStep: number, steps: number): (step: number) => string {
  const startMs = performance.now();
  return (step) => {
    const seconds = Math.round((((performance.now() - startMs) / 1000) * (steps - step)) / Math.max(1, step - fromStep));
    const minutes = Math.floor(seconds / 60);
    return minutes > 0 ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`;
  };
}

function bar(stream: NodeJS.WriteStream, fromStep: number, steps: number): TrainingProgress {
  const left = clock(fromStep, steps);
  const format = 'training {bar} {value}/{total} | loss {loss} | active {active} | {speed} | {left}';
  const single = new SingleBar({ stream, format, barsize: 20, hideCursor: true }, Presets.shades_classic);
  const waiting = { loss: '-', active: '-', speed: '-', left: '-' };
  let at = fromStep;
  let payload: object = waiting;
  single.start(steps, at, payload);
  return {
    step(result, imagesPerSecond) {
      at = result.step;
      payload = { ...describe(result, imagesPerSecond), left: left(result.step) };
      single.update(at, payload);
    },
    line(text) {
      single.stop();
      stream.write(`${text}\n`);
      single.start(steps, at, payload);
    },
    end: () => single.stop(),
  };
}

function plain(line: (text: string) => void, fromStep: number, steps: number, every: number): TrainingProgress {
  const left = clock(fromStep, steps);
  return {
    step(result, imagesPerSecond) {
      if (result.step % every !== 0 && result.step !== steps) return;
      const { loss, active, speed } = describe(result, imagesPerSecond);
      line(`step ${result.step} of ${steps}: loss ${loss}, active ${active}, ${speed}, ${left(result.step)}`);
    },
    line,
    end: () => undefined,
  };
}
