import type { Clock } from '../clock.js';
import type { Picture } from './frame.js';

export const FROZEN = 'the picture is frozen';
export const BLACK = 'the picture is black';
export type Illness = typeof FROZEN | typeof BLACK;

/** Fewer repetitions than this are no freeze, however far apart they come. */
const LEAST_REPETITIONS = 5;
/** A picture is black where all but a hundredth of it is darker than this, of 255: a covered lens still has some noise. */
const DARK = 24;
const BRIGHT_SHARE = 0.01;
/** Every so many bytes are looked at for darkness: 7,000 of a 640x480 picture, of all three colours in turn. */
const STRIDE = 131;

/**
 * Notices a picture that a living camera does not give: the same one again and again, byte for byte, or a black one. A sensor's noise
 * makes two pictures of the same scene differ.
 */
export class PictureWatch {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  #last: Picture | undefined;
  #repetitions = 0;
  #changedAtMs = -Infinity;
  #litAtMs: number | undefined;

  /** @param patienceMs so long may a picture be frozen or black; 0 for ever */
  constructor(clock: Clock, patienceMs: number) {
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** @returns what is wrong with the picture, in words; undefined when nothing is, or not for long enough */
  look(picture: Picture): Illness | undefined {
    if (this.#patienceMs === 0) return undefined;
    const nowMs = this.#clock.monotonicMs();
    const same = this.#last !== undefined && isSame(this.#last, picture);
    this.#last = picture;
    this.#repetitions = same ? this.#repetitions + 1 : 0;
    if (!same) this.#changedAtMs = nowMs;
    if (this.#litAtMs === undefined || !isBlack(picture)) this.#litAtMs = nowMs;

    if (nowMs - this.#litAtMs >= this.#patienceMs) return BLACK;
    const frozen = this.#repetitions >= LEAST_REPETITIONS && nowMs - this.#changedAtMs >= this.#patienceMs;
    return frozen ? FROZEN : undefined;
  }
}

function isSame(a: Picture, b: Picture): boolean {
  return a.widthPx === b.widthPx && Buffer.compare(a.rgb, b.rgb) === 0;
}

function isBlack({ rgb }: Picture): boolean {
  let bright = 0;
  for (let i = 0; i < rgb.length; i += STRIDE) if (rgb[i] >= DARK) bright++;
  return bright * STRIDE <= rgb.length * BRIGHT_SHARE;
}
