import type { Clock } from '../clock.js';
import type { Frame, Picture } from './frame.js';

/** The picture is compared by the mean brightness of its cells: 32 x 24 of them, so that a face of 60 px covers several. */
const COLUMNS = 32;
const ROWS = 24;
/** So many pixels of each row and column of a cell are looked at: the noise of 64 pixels is an eighth of that of one. */
const SAMPLES = 8;

export interface MotionGateSettings {
  readonly enabled: boolean;
  /** A cell whose mean brightness differs by so much (of 255) has changed. */
  readonly minChange: number;
  /** A frame is looked at so often at least, changed or not. */
  readonly everyMs: number;
}

/**
 * Says which frames are worth an inference: those that differ from the last one in which nobody was found. While there is a face
 * every frame counts, however still the person stands. Changes that come slowly add up, because the frame that is compared with
 * stays the one that was analysed.
 */
export class MotionGate {
  readonly #settings: MotionGateSettings;
  readonly #clock: Clock;
  #empty: Float32Array | undefined;
  #analysedAtMs = -Infinity;

  constructor(settings: MotionGateSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
  }

  /** Whether nobody can have come since the last frame that was analysed. */
  isQuiet(frame: Picture): boolean {
    const { enabled, minChange, everyMs } = this.#settings;
    const empty = this.#empty;
    if (!enabled || !empty || this.#clock.monotonicMs() - this.#analysedAtMs >= everyMs) return false;
    return brightness(frame).every((mean, cell) => Math.abs(mean - empty[cell]) < minChange);
  }

  analysed(frame: Frame, faces: number): void {
    this.#empty = faces === 0 && this.#settings.enabled ? brightness(frame) : undefined;
    this.#analysedAtMs = this.#clock.monotonicMs();
  }
}

/** Mean of the green values, which are most of the brightness, of each cell: COLUMNS * ROWS values of 0..255. */
function brightness({ rgb, widthPx, heightPx }: Picture): Float32Array {
  const means = new Float32Array(COLUMNS * ROWS);
  const greens = sampled(widthPx, COLUMNS).map((column) => column * 3 + 1);
  sampled(heightPx, ROWS).forEach((row, y) => {
    const rowAt = row * widthPx * 3;
    const cells = Math.floor(y / SAMPLES) * COLUMNS;
    for (let cell = 0, x = 0; cell < COLUMNS; cell++) {
      let sum = 0;
      for (let sample = 0; sample < SAMPLES; sample++) sum += rgb[rowAt + greens[x++]];
      means[cells + cell] += sum / SAMPLES ** 2;
    }
  });
  return means;
}

/** The rows or columns that are looked at: the middle of each of so many equal parts. */
const sampled = (lengthPx: number, cells: number): Int32Array =>
  Int32Array.from({ length: cells * SAMPLES }, (_, at) => Math.floor(((at + 0.5) * lengthPx) / (cells * SAMPLES)));
