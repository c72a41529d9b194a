import { randomInt } from 'node:crypto';
import type { ChallengeAction } from '../events.js';
import { centreOf } from '../faces/face.js';
import type { Movement } from '../faces/movement.js';
import { parallaxDeg } from '../faces/parallax.js';

/** What a display says to the person. Left and right are the person's own. */
export const challengePrompts: Readonly<Record<ChallengeAction, string>> = {
  blink: 'Close your eyes for a moment, then open them',
  turn_left: 'Turn your head to your left',
  turn_right: 'Turn your head to your right',
};

const actions = Object.keys(challengePrompts) as ChallengeAction[];

/** Any of the actions but the one that was done just now, which nobody can foresee. */
export function anyAction(done?: ChallengeAction): ChallengeAction {
  const others = actions.filter((action) => action !== done);
  return others[randomInt(others.length)];
}

/** An action that a living person is asked for, and how far they have come with it. */
export interface Challenge {
  readonly action: ChallengeAction;
  readonly begunAtMs: number;
  readonly outcome: 'pending' | 'passed' | 'failed';
  /** The face at rest, before it did anything: what it does is measured against it. */
  readonly rest?: Movement;
  /** The frame before this one, where it may be the first of the face at rest. */
  readonly resting?: Movement;
  /** The face at rest before an earlier action: coming back from that one is not yet this one. */
  readonly neutral?: Movement;
  /** Frames in a row that showed the present step: at rest, then moved. */
  readonly frames: number;
  readonly step: 'rest' | 'moved';
  readonly stepAtMs: number;
}

/**
 * Limits by measurement on still photographs that were moved, tilted, bent and zoomed before a simulated camera, and on the same
 * photographs laid over a head (docs/liveness.md).
 */
/** A single frame may be misread; so many in a row are asked of each step. */
const FRAMES = 2;
/** Of a head that is turned by 30 degrees the landmarks show 18 to 31; of a picture tilted by 50 at most 11. */
const TURN_DEG = 20;
/** Who is turned further than this is not at rest. */
const REST_DEG = 20;
/** Two frames running of a face at rest differ by less in yaw; the landmarks of a still face jitter by 1 to 2. */
const REST_JITTER_DEG = 5;
/** Distance of the eyes over the length of the face: a picture that is tilted by 40 degrees and more is narrower. */
const REST_EYE_SPAN = 0.44;
/**
 * So much narrower than a head that turns as far a face may look, or it is a picture that is being tilted; and so much wider, or it
 * is a picture of somebody who looks aside that was tilted at first.
 */
const NARROWER = 0.12;
const WIDER = 0.1;
/** So much longer or shorter a face may become while it turns: beyond, it is being tilted, or brought nearer. */
const LENGTH_SHARE = 0.15;
const EYES_OPEN = 0.7;
const EYES_CLOSED = 0.5;
const MEAN_CLOSED = 0.3;
/** Only the lids move in a blink: an eye of a picture that is tilted, turned or zoomed can look closed. */
const STILL_DEG = 8;
const STILL_SHARE = 0.08;
/** Who keeps the eyes closed for longer does not blink. */
const LONGEST_BLINK_MS = 2_000;

/** @param neutral the face at rest before the action that was asked for before this one */
export function beginChallenge(action: ChallengeAction, atMs: number, neutral?: Movement): Challenge {
  return { action, begunAtMs: atMs, outcome: 'pending', frames: 0, step: 'rest', stepAtMs: atMs, ...(neutral && { neutral }) };
}

/** What a further frame of the face makes of a challenge. Comparisons are written so that NaN is no evidence. */
export function stepChallenge(challenge: Challenge, movement: Movement, atMs: number): Challenge {
  if (challenge.outcome !== 'pending') return challenge;
  return challenge.action === 'blink' ? stepBlink(challenge, movement, atMs) : stepTurn(challenge, movement, atMs);
}

/**
 * At rest, then turned to the right side as a head turns. To the wrong side is wrong: half of all guesses would be right.
 * Two measures must say so: the pose by an average face, and how the face itself has changed. A picture misleads either one now
 * and then, seldom both in the same frame.
 */
function stepTurn(challenge: Challenge, movement: Movement, atMs: number): Challenge {
  const { rest } = challenge;
  if (!rest) return comeToRest(challenge, movement, atMs);
  const sign = challenge.action === 'turn_left' ? 1 : -1;
  const turnedDeg = (movement.yawDeg - rest.yawDeg) * sign;
  const movedDeg = () => parallaxDeg(rest.landmarks, movement.landmarks) * sign * Math.sign(turnedDeg);
  const turned = Math.abs(turnedDeg) >= TURN_DEG && hasShapeOfAHead(rest, movement) && movedDeg() >= TURN_DEG;
  if (!turned) return { ...challenge, frames: 0 };
  const frames = challenge.frames + 1;
  if (frames < FRAMES) return { ...challenge, frames };
  return { ...challenge, frames, outcome: turnedDeg > 0 ? 'passed' : 'failed' };
}

/** Whether a face has become as narrow as a head that turned so far, and is as long as before. */
function hasShapeOfAHead(rest: Movement, now: Movement): boolean {
  const cosine = (degrees: number) => Math.cos((degrees * Math.PI) / 180);
  const off = now.eyeSpan / rest.eyeSpan - cosine(now.yawDeg) / cosine(rest.yawDeg);
  return off >= -NARROWER && off <= WIDER && Math.abs(now.lengthPx / rest.lengthPx - 1) <= LENGTH_SHARE;
}

/** Two frames running that agree, so that nothing is measured against a face that was misread. */
function comeToRest({ resting: before, ...challenge }: Challenge, movement: Movement, atMs: number): Challenge {
  const calm = Math.abs(movement.yawDeg) <= REST_DEG && movement.eyeSpan >= REST_EYE_SPAN && isBack(challenge, movement);
  if (!calm) return challenge;
  if (!before || !(Math.abs(movement.yawDeg - before.yawDeg) <= REST_JITTER_DEG)) return { ...challenge, resting: movement };
  return atRest(challenge, between(before, movement), atMs);
}

/** The mean of two frames of a face at rest. */
function between(a: Movement, b: Movement): Movement {
  const mean = (x: number, y: number) => (x + y) / 2;
  return {
    yawDeg: mean(a.yawDeg, b.yawDeg),
    pitchDeg: mean(a.pitchDeg, b.pitchDeg),
    rollDeg: mean(a.rollDeg, b.rollDeg),
    lengthPx: mean(a.lengthPx, b.lengthPx),
    eyeSpan: mean(a.eyeSpan, b.eyeSpan),
    landmarks: a.landmarks.map((point, i) => centreOf([point, b.landmarks[i]])),
  };
}

/** Open, closed and open again, while the face is held still. */
function stepBlink(challenge: Challenge, movement: Movement, atMs: number): Challenge {
  const { rest, step, stepAtMs } = challenge;
  const { right, left } = movement.eyes ?? { right: NaN, left: NaN };
  const open = Math.min(right, left) >= EYES_OPEN;
  const closed = Math.max(right, left) < EYES_CLOSED && (right + left) / 2 < MEAN_CLOSED;
  if (!rest) return open && isBack(challenge, movement) ? atRest(challenge, movement, atMs) : challenge;
  const tooLong = step === 'moved' && !(atMs - stepAtMs <= LONGEST_BLINK_MS);
  if (!isStill(rest, movement) || tooLong) return beginAgain(challenge, atMs);
  if (step === 'rest') {
    if (!closed) return { ...challenge, frames: 0 };
    const frames = challenge.frames + 1;
    return frames < FRAMES ? { ...challenge, frames } : { ...challenge, frames: 0, step: 'moved', stepAtMs: atMs };
  }
  if (!open) return { ...challenge, frames: 0 };
  const frames = challenge.frames + 1;
  return { ...challenge, frames, outcome: frames >= FRAMES ? 'passed' : 'pending' };
}

function atRest(challenge: Challenge, movement: Movement, atMs: number): Challenge {
  return { ...challenge, rest: movement, frames: 0, step: 'rest', stepAtMs: atMs };
}

function beginAgain({ action, begunAtMs, neutral }: Challenge, atMs: number): Challenge {
  return { ...beginChallenge(action, atMs, neutral), begunAtMs };
}

/** Whether the head has come back from an earlier action. */
function isBack({ neutral }: Challenge, { yawDeg }: Movement): boolean {
  return !neutral || Math.abs(yawDeg - neutral.yawDeg) <= STILL_DEG;
}

function isStill(rest: Movement, now: Movement): boolean {
  return (
    Math.abs(now.yawDeg - rest.yawDeg) <= STILL_DEG &&
    Math.abs(now.pitchDeg - rest.pitchDeg) <= STILL_DEG &&
    Math.abs(now.rollDeg - rest.rollDeg) <= STILL_DEG &&
    Math.abs(now.lengthPx / rest.lengthPx - 1) <= STILL_SHARE &&
    Math.abs(now.eyeSpan / rest.eyeSpan - 1) <= STILL_SHARE
  );
}
