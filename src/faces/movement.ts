import { centreOf, type Point } from './face.js';
import type { Eyes } from './eyes.js';
import type { Pose } from './pose.js';

/** What one frame shows of how a face is held: an active challenge looks at how this changes. */
export interface Movement extends Pose {
  /** From the bridge of the nose to the chin, in pixels: it does not change when the head turns. */
  readonly lengthPx: number;
  /** Distance of the eyes over that length, about 0.55: it shrinks when a face or a picture of one turns to the side. */
  readonly eyeSpan: number;
  /** 68 points in the frame's pixels. */
  readonly landmarks: readonly Point[];
  /** Absent where nobody looked at them. */
  readonly eyes?: Eyes;
}

const BRIDGE = 27;
const CHIN = 8;
const RIGHT_EYE = [36, 42] as const;
const LEFT_EYE = [42, 48] as const;

/** @param landmarks 68 points */
export function movementOf(landmarks: readonly Point[], { yawDeg, pitchDeg, rollDeg }: Pose, eyes?: Eyes): Movement {
  const right = centreOf(landmarks.slice(...RIGHT_EYE));
  const left = centreOf(landmarks.slice(...LEFT_EYE));
  const lengthPx = Math.hypot(landmarks[CHIN].x - landmarks[BRIDGE].x, landmarks[CHIN].y - landmarks[BRIDGE].y);
  const eyeSpan = Math.hypot(left.x - right.x, left.y - right.y) / lengthPx;
  return { yawDeg, pitchDeg, rollDeg, lengthPx, eyeSpan, landmarks, ...(eyes && { eyes }) };
}
