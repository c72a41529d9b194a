import type { Frame } from './camera/frame.js';
import type { Sighting, SightedFace } from './daemon/lookout.js';
import { overlap, type Box } from './faces/face.js';
import { distanceOfDot, dotProduct, toFaceNetScale } from './identity/distance.js';
import type { Vision } from './vision.js';

export interface FollowRules {
  /** The detector looks at every so many frames at least, 1: at all of them. Somebody who comes is seen within that. */
  readonly detectEvery: number;
  /** The encoder's raw distance that stands for 0.7. */
  readonly rawThreshold: number;
}

/**
 * From frame to frame on the FaceNet scale. On photographs of lfw-10x10 that jump about (scripts/streams/jitter.ts) 95 of 100
 * steps are below 0.15; of the faces that were followed with less than 0.2 every embedding lay at a cosine above 0.94 of the one by
 * the detector, half above 0.995. Another person is at 0.7.
 */
const MAX_STEP = 0.2;
/** More faces than this in one frame are a crowd or a wall of pictures; the largest are analysed. */
const MAX_FACES = 8;
/** Frames that lie further apart leave nothing to follow: in 0.25 s somebody walks further than their own width. */
const LONGEST_STEP_MS = 250;

/**
 * Looks at the frames of one camera, and spares the detector while it can: the faces that it found are looked for where they
 * were, by their landmarks, and counted as found only if this frame's own embedding is that of the frame before. Anything else,
 * a face that is too poor to be encoded, that went too far, that touches another, that became somebody else, is a frame for the
 * detector, from its beginning. Nothing is taken over from one frame to the next but the place to look.
 */
export class Follower {
  readonly #vision: Vision;
  readonly #rules: FollowRules;
  #last: Sighting | undefined;
  #sinceDetector = 0;

  constructor(vision: Vision, rules: FollowRules) {
    this.#vision = vision;
    this.#rules = rules;
  }

  /**
   * The faces of the next frame, the largest first.
   *
   * @param isDecided whether the door has decided on the face that it saw in this box, and asks nothing more of it in this frame
   */
  async see(frame: Frame, isDecided: (box: Box) => boolean = () => false): Promise<readonly SightedFace[]> {
    const last = this.#last;
    this.#last = undefined;
    const followed =
      last && this.#sinceDetector < this.#rules.detectEvery - 1 ? await this.#follow(frame, last, isDecided) : undefined;
    this.#sinceDetector = followed ? this.#sinceDetector + 1 : 0;
    const faces = followed ?? (await lookAt(frame, this.#vision));
    this.#last = { frame, faces };
    return faces;
  }

  /** The next frame is one for the detector: something was shown meanwhile that this has not seen. */
  forget(): void {
    this.#last = undefined;
  }

  async #follow(frame: Frame, last: Sighting, isDecided: (box: Box) => boolean): Promise<SightedFace[] | undefined> {
    if (last.faces.length === 0 || !continues(last.frame, frame) || anyTouch(last.faces)) return undefined;
    const faces: SightedFace[] = [];
    for (const before of last.faces) {
      const face = await this.#followOne(frame, before, isDecided(before.detection.box));
      if (!face) return undefined;
      faces.push(face);
    }
    return anyTouch(faces) ? undefined : faces.sort((a, b) => b.detection.box.height - a.detection.box.height);
  }

  async #followOne(frame: Frame, { observation: before }: SightedFace, decided: boolean): Promise<SightedFace | undefined> {
    if (!before.embedding) return undefined;
    const observation = await this.#vision.follow(frame, before.face, decided);
    if (!observation?.embedding) return undefined;
    const raw = distanceOfDot(dotProduct(before.embedding.vector, observation.embedding.vector));
    if (!(toFaceNetScale(raw, this.#rules.rawThreshold) <= MAX_STEP)) return undefined;
    return { detection: observation.face, observation };
  }
}

/** The faces of a frame by itself, the largest first. */
export async function lookAt(frame: Frame, vision: Pick<Vision, 'detect' | 'observe'>): Promise<SightedFace[]> {
  const detections = await vision.detect(frame);
  const largestFirst = detections.sort((a, b) => b.box.height - a.box.height).slice(0, MAX_FACES);
  const faces: SightedFace[] = [];
  for (const detection of largestFirst) {
    faces.push({ detection, observation: await vision.observe(frame, detection) });
  }
  return faces;
}

function continues(before: Frame, frame: Frame): boolean {
  const stepMs = frame.capturedAtMs - before.capturedAtMs;
  return frame.widthPx === before.widthPx && frame.heightPx === before.heightPx && stepMs > 0 && stepMs <= LONGEST_STEP_MS;
}

/** Landmarks could go over from one face to the other. */
function anyTouch(faces: readonly SightedFace[]): boolean {
  return faces.some((face, i) => faces.slice(0, i).some((other) => overlap(face.detection.box, other.detection.box) > 0));
}
