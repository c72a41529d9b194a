import { centreOf, type Point } from './face.js';
import { MEAN_FACE } from './mean-face.js';
import { combine, pseudoInverse, type Vector } from './pose.js';

/** Brows, nose, eyes and mouth. The jaw's landmarks slide along a head that turns: they are other places of the skin each time. */
const FIRST = 17;
const RIGHT_EYE = [36, 42] as const;
const LEFT_EYE = [42, 48] as const;

/**
 * How far what stands out of a face (nose, brows) has moved against its plane since it was at rest, to the side, as the degrees
 * of yaw that move it so far on an average head. Positive: to the person's own left.
 *
 * However a flat picture is held, its landmarks go where an affine map takes them, and nothing is left over for the depth
 * ("plane and parallax"). Unlike the difference of two yaws this compares a face with itself and not with the average one.
 *
 * @param rest 68 landmarks @param now 68 landmarks; NaN in, NaN out
 */
export function parallaxDeg(rest: readonly Point[], now: readonly Point[]): number {
  const unit = eyeDistance(rest);
  const inner = rest.slice(FIRST);
  const centre = centreOf(inner);
  const depth = MEAN_FACE.slice(FIRST).map(([, , z]) => z);
  const meanDepth = depth.reduce((sum, z) => sum + z, 0) / depth.length;
  const solid = inner.map(({ x, y }, i): Vector => [(x - centre.x) / unit, (y - centre.y) / unit, depth[i] - meanDepth]);
  let across: Vector = [0, 0, 0];
  let down: Vector = [0, 0, 0];
  pseudoInverse(solid).forEach((share, i) => {
    across = combine(1, across, now[FIRST + i].x, share);
    down = combine(1, down, now[FIRST + i].y, share);
  });
  // The length of the face does not change when it turns: it gives the scale, and what is to the side of it.
  const square = across[1] ** 2 + down[1] ** 2;
  const sine = (across[2] * down[1] - down[2] * across[1]) / square;
  return (Math.asin(Math.max(-1, Math.min(1, sine))) * 180) / Math.PI;
}

function eyeDistance(landmarks: readonly Point[]): number {
  const right = centreOf(landmarks.slice(...RIGHT_EYE));
  const left = centreOf(landmarks.slice(...LEFT_EYE));
  return Math.hypot(left.x - right.x, left.y - right.y);
}
