import type { Quality } from '../faces/quality.js';
import { FACENET_THRESHOLD } from '../identity/distance.js';
import type { Embedding } from '../identity/embedding.js';

/** What the person is asked to do, in this order: the poses in which people come to doors, and in which templates differ. */
export const LOOKS = ['straight', 'left', 'right', 'up', 'closer'] as const;
export type LookName = (typeof LOOKS)[number];

export const LOOK_PROMPTS: Readonly<Record<LookName, string>> = {
  straight: 'Look straight at the camera',
  left: 'Turn your head a little to your left',
  right: 'Turn your head a little to your right',
  up: 'Lift your chin a little',
  closer: 'Look straight and come closer',
};

/** A face of one frame that was good enough to be encoded. */
export interface Look {
  readonly quality: Pick<Quality, 'yawDeg' | 'pitchDeg' | 'facePx' | 'score'>;
  readonly embedding: Embedding;
  /** Height of the whole frame in pixels. */
  readonly framePx: number;
}

/** Of so many frames that show what was asked for, the best is kept: 0.3 s at 10 fps. */
const FRAMES_A_LOOK = 3;
/** Turned less, the embedding tells nothing new; turned more, the encoder sees half a face. Degrees against looking straight. */
const TURN_DEG = { least: 10, most: 30 };
const STRAIGHT_DEG = 10;
/** Pitch from 68 points is the less certain: against the same person looking straight, not against zero. */
const LIFT_DEG = { least: 6, most: 25 };
/** A face so much larger than at first, or filling so much of the frame's height, has come closer. */
const CLOSER = { growth: 1.2, share: 0.6 };
/** One frame may be blurred beyond recognition; so many in a row are somebody else. */
const STRANGE_FRAMES = 3;

const within = (value: number, { least, most }: { least: number; most: number }) => value >= least && value <= most;

/**
 * One person before the camera, asked for one look after the other; the best frame of each is kept. Plain data in and out:
 * who calls it has the camera and the clock.
 */
export class Sitting {
  readonly #distance: (a: Embedding, b: Embedding) => number;
  readonly #kept: Look[] = [];
  #candidates: Look[] = [];
  #strange = 0;

  /** @param distance of two embeddings on the FaceNet scale */
  constructor(distance: (a: Embedding, b: Embedding) => number) {
    this.#distance = distance;
  }

  /** What is asked for now; undefined when all is done. */
  get asked(): LookName | undefined {
    return LOOKS[this.#kept.length];
  }

  /** One for each look that is done. */
  get kept(): readonly Look[] {
    return this.#kept;
  }

  /**
   * Takes a frame with one face.
   *
   * @returns `kept` when a look was done with it, `stranger` when somebody else has taken the place
   */
  see(look: Look): 'kept' | 'stranger' | undefined {
    const first = this.#kept.at(0) ?? this.#candidates.at(0);
    if (first && !(this.#distance(first.embedding, look.embedding) < FACENET_THRESHOLD)) {
      return ++this.#strange >= STRANGE_FRAMES ? 'stranger' : undefined;
    }
    this.#strange = 0;
    if (!this.#shows(look)) return undefined;
    this.#candidates.push(look);
    if (this.#candidates.length < FRAMES_A_LOOK) return undefined;
    this.#kept.push(this.#candidates.reduce((best, next) => (next.quality.score > best.quality.score ? next : best)));
    this.#candidates = [];
    return 'kept';
  }

  #shows({ quality, framePx }: Look): boolean {
    const straight = this.#kept.at(0)?.quality;
    const yawDeg = quality.yawDeg - (straight?.yawDeg ?? 0);
    switch (this.asked) {
      case 'straight':
        return Math.abs(yawDeg) <= STRAIGHT_DEG;
      case 'left':
        return within(yawDeg, TURN_DEG);
      case 'right':
        return within(-yawDeg, TURN_DEG);
      case 'up':
        return within(quality.pitchDeg - (straight?.pitchDeg ?? 0), LIFT_DEG) && Math.abs(yawDeg) <= STRAIGHT_DEG;
      case 'closer': {
        const grown = quality.facePx >= (straight?.facePx ?? 0) * CLOSER.growth;
        return Math.abs(yawDeg) <= STRAIGHT_DEG && (grown || quality.facePx >= framePx * CLOSER.share);
      }
      case undefined:
        return false;
    }
  }
}
