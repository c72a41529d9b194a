import type { Frame } from '../camera/frame.js';
import type { Alignment } from '../inference/manifest.js';
import { centreOf, type Point } from './face.js';
import { planes, type PixelFormat } from './resample.js';

/** x' = a x - b y + dx, y' = b x + a y + dy: rotation, one scale and a shift. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly dx: number;
  readonly dy: number;
}

/** The points that an encoder's alignment names, each the mean of some of the 68 landmarks. */
export function anchorPoints(landmarks: readonly Point[], alignment: Alignment): Point[] {
  return alignment.points.map((point) => centreOf(point.landmarks.map((i) => landmarks[i])));
}

/**
 * The similarity that takes `from` to `to` with the least sum of squares (Umeyama 1991, in the plane and without mirroring,
 * where it has a closed form).
 */
export function fitSimilarity(from: readonly Point[], to: readonly Point[]): Similarity {
  const centreFrom = centreOf(from);
  const centreTo = centreOf(to);
  let dot = 0;
  let cross = 0;
  let spread = 0;
  from.forEach((point, i) => {
    const x = point.x - centreFrom.x;
    const y = point.y - centreFrom.y;
    const u = to[i].x - centreTo.x;
    const v = to[i].y - centreTo.y;
    dot += x * u + y * v;
    cross += x * v - y * u;
    spread += x * x + y * y;
  });
  // Points that all coincide have no scale; the smallest positive number keeps the result finite.
  const a = dot / Math.max(spread, Number.MIN_VALUE);
  const b = cross / Math.max(spread, Number.MIN_VALUE);
  return {
    a,
    b,
    dx: centreTo.x - a * centreFrom.x + b * centreFrom.y,
    dy: centreTo.y - b * centreFrom.x - a * centreFrom.y,
  };
}

export function invert({ a, b, dx, dy }: Similarity): Similarity {
  const determinant = a * a + b * b;
  const ia = a / determinant;
  const ib = -b / determinant;
  return { a: ia, b: ib, dx: -(ia * dx - ib * dy), dy: -(ib * dx + ia * dy) };
}

export function apply({ a, b, dx, dy }: Similarity, { x, y }: Point): Point {
  return { x: a * x - b * y + dx, y: b * x + a * y + dy };
}

/**
 * Warps a frame into a network's planar tensor of `size` x `size` pixels and normalises it, in one pass.
 * Outside the frame the tensor holds black, as in the pictures that the encoders were trained on.
 *
 * @param toFrame takes a pixel of the tensor to its place in the frame
 */
export function warp(frame: Frame, toFrame: Similarity, tensor: Float32Array, size: number, format: PixelFormat): void {
  const { rgb, widthPx, heightPx } = frame;
  const { a, b, dx, dy } = toFrame;
  const [redPlane, greenPlane, bluePlane] = planes(format, size * size);
  // A face much larger than the tensor is sampled at several places a pixel, or fine patterns would alias.
  const samples = Math.min(4, Math.max(1, Math.round(Math.hypot(a, b) / 2)));
  const step = 1 / samples;
  const share = 1 / (samples * samples);
  const lastX = widthPx - 1;
  const lastY = heightPx - 1;

  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      let red = 0;
      let green = 0;
      let blue = 0;
      for (let sy = 0; sy < samples; sy++) {
        const v = samples === 1 ? y : y + (sy + 0.5) * step - 0.5;
        for (let sx = 0; sx < samples; sx++) {
          const u = samples === 1 ? x : x + (sx + 0.5) * step - 0.5;
          const sourceX = a * u - b * v + dx;
          const sourceY = b * u + a * v + dy;
          if (!(sourceX >= 0 && sourceY >= 0 && sourceX <= lastX && sourceY <= lastY)) continue;
          const left = sourceX | 0;
          const top = sourceY | 0;
          const across = sourceX - left;
          const down = sourceY - top;
          const i = (top * widthPx + left) * 3;
          const right = left < lastX ? 3 : 0;
          const below = top < lastY ? widthPx * 3 : 0;
          const wb = across * (1 - down);
          const wc = (1 - across) * down;
          const wd = across * down;
          const wa = 1 - wb - wc - wd;
          const j = i + right;
          const k = i + below;
          const l = k + right;
          red += rgb[i] * wa + rgb[j] * wb + rgb[k] * wc + rgb[l] * wd;
          green += rgb[i + 1] * wa + rgb[j + 1] * wb + rgb[k + 1] * wc + rgb[l + 1] * wd;
          blue += rgb[i + 2] * wa + rgb[j + 2] * wb + rgb[k + 2] * wc + rgb[l + 2] * wd;
        }
      }
      const at = y * size + x;
      tensor[redPlane.start + at] = red * share * redPlane.gain - redPlane.offset;
      tensor[greenPlane.start + at] = green * share * greenPlane.gain - greenPlane.offset;
      tensor[bluePlane.start + at] = blue * share * bluePlane.gain - bluePlane.offset;
    }
  }
}
