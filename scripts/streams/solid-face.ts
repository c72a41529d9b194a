import type { Frame } from '../../src/camera/frame.js';
import { centreOf, type Point } from '../../src/faces/face.js';
import { MEAN_FACE } from '../../src/faces/mean-face.js';
import type { Surface } from './moving-picture.js';

/** Distance between the centres of the eyes, in pixels. */
export function eyeDistance(landmarks: readonly Point[]): number {
  const left = centreOf(landmarks.slice(36, 42));
  const right = centreOf(landmarks.slice(42, 48));
  return Math.hypot(right.x - left.x, right.y - left.y);
}

/** The photograph lying flat: what an attacker holds up. */
export function flatPicture(photo: Frame, landmarks: readonly Point[]): Surface {
  return { photo, centre: centreOf(landmarks) };
}

/** The photograph bent about an upright axis, as paper is by two hands; `curvature` in 1 / eye distance, positive: the middle in front. */
export function bentPicture(photo: Frame, landmarks: readonly Point[], curvature: number): Surface {
  const unit = eyeDistance(landmarks);
  return { photo, centre: centreOf(landmarks), depthAt: (u) => (-curvature * u * u) / (2 * unit) };
}

/**
 * The photograph laid over a head: the depth of the mean face at the landmarks, smoothly in between, falling back to a wall
 * behind. A stand-in for a living person who turns, where there is no film of one.
 */
export function solidFace(photo: Frame, landmarks: readonly Point[]): Surface {
  const centre = centreOf(landmarks);
  const unit = eyeDistance(landmarks);
  const known = MEAN_FACE.map(([, , z], i) => ({
    u: (landmarks[i].x - centre.x) / unit,
    v: (landmarks[i].y - centre.y) / unit,
    z,
  }));
  const exact = (u: number, v: number): number => {
    let weights = 0;
    let sum = 0;
    for (const point of known) {
      const square = (u - point.u) ** 2 + (v - point.v) ** 2;
      const weight = 1 / (square * square + 0.002);
      weights += weight;
      sum += weight * point.z;
    }
    const outside = Math.max(0, Math.min(1, (Math.hypot(u / 1.35, v / 1.7) - 1) * 1.2));
    return (sum / weights) * (1 - outside) - outside;
  };
  // A table of 0.05 eye distances: the depth is asked for millions of times.
  const step = 0.05;
  const reach = 3;
  const side = Math.round((2 * reach) / step) + 1;
  const table = Float32Array.from({ length: side * side }, (_, i) =>
    exact((i % side) * step - reach, Math.floor(i / side) * step - reach),
  );
  const depthAt = (u: number, v: number): number => {
    const x = Math.max(0, Math.min(side - 1.001, (u / unit + reach) / step));
    const y = Math.max(0, Math.min(side - 1.001, (v / unit + reach) / step));
    const i = Math.floor(y) * side + Math.floor(x);
    const across = x - Math.floor(x);
    const down = y - Math.floor(y);
    const upper = table[i] * (1 - across) + table[i + 1] * across;
    const lower = table[i + side] * (1 - across) + table[i + side + 1] * across;
    return (upper * (1 - down) + lower * down) * unit;
  };
  return { photo, centre, depthAt };
}

/**
 * Eyelids that are closed to `closed` (0..1): the skin between brow and eye is stretched down over the eye, each column by as
 * much as the eye is open there.
 */
export function eyelids(landmarks: readonly Point[], closed: number): (u: number, v: number) => readonly [number, number] {
  const centre = centreOf(landmarks);
  const eyes = [36, 42].map((first) => {
    const [outer, upperA, upperB, inner, lowerA, lowerB] = landmarks.slice(first, first + 6);
    const half = Math.hypot(inner.x - outer.x, inner.y - outer.y) / 2;
    // The landmark network draws narrow eyes; an eye is open by about a third of its width at least.
    const upper = Math.max((outer.y + inner.y - upperA.y - upperB.y) / 2, half * 0.4);
    const lower = Math.max((lowerA.y + lowerB.y - outer.y - inner.y) / 2, half * 0.3);
    return { x: (outer.x + inner.x) / 2 - centre.x, y: (outer.y + inner.y) / 2 - centre.y, half, upper, lower };
  });
  return (u, v) => {
    for (const { x, y, half, upper, lower } of eyes) {
      const across = (u - x) / (half * 1.25);
      if (Math.abs(across) >= 1) continue;
      const open = 1 - across * across;
      const lid = y - upper * open * 1.2;
      const edge = lid + closed * (upper * 1.2 + lower * 1.1) * open;
      const brow = lid - upper * 1.1;
      // Skin alone is stretched; the lashes at its end move with it.
      const lashes = upper * 0.3;
      if (v > brow && v <= edge - lashes) return [u, brow + ((v - brow) * (lid - lashes - brow)) / (edge - lashes - brow)];
      if (v > edge - lashes && v <= edge) return [u, lid - (edge - v)];
    }
    return [u, v];
  };
}
