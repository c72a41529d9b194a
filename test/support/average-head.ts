import { rotation } from '../../scripts/streams/moving-picture.js';
import type { Point } from '../../src/faces/face.js';
import { MEAN_FACE } from '../../src/faces/mean-face.js';

/** The landmarks of the mean face as a distant camera sees it: turned, then scaled and shifted. `flatten` 0 is a picture of it. */
export function averageHead(yawDeg: number, pitchDeg = 0, rollDeg = 0, flatten = 1): Point[] {
  const m = rotation(yawDeg, pitchDeg, rollDeg);
  return MEAN_FACE.map(([x, y, z]) => ({
    x: 320 + 50 * (m[0][0] * x + m[0][1] * y + m[0][2] * z * flatten),
    y: 240 + 50 * (m[1][0] * x + m[1][1] * y + m[1][2] * z * flatten),
  }));
}
