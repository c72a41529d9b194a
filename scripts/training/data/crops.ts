import { anchorPoints, fitSimilarity, invert, warp } from '../../../src/faces/alignment.js';
import type { PixelFormat } from '../../../src/faces/resample.js';
import type { Alignment } from '../../../src/inference/manifest.js';
import type { FoundFace } from './face-finder.js';

/** An aligned face, with a border around what the network sees so that augmentation can move and turn it. */
export interface Crop {
  readonly person: string;
  readonly path: string;
  /** Width and height with the border. */
  readonly sizePx: number;
  /** Planar RGB, 0..255: 3 * sizePx * sizePx. */
  readonly planes: Uint8ClampedArray;
}

// Values as they are: a network's own scale is applied when a batch is made.
const rawPixels: PixelFormat = { channels: 'RGB', subtract: [0, 0, 0], divide: [1, 1, 1] };

/**
 * Cuts a face out as the door's encoder does, `borderPx` larger on each side. Without its border a crop holds the very
 * pixels (rounded to a byte) that the door would give to an encoder with this template.
 *
 * @param template in pixels of an input of `inputPx`
 */
export function cutCrop({ photograph, frame, face }: FoundFace, template: Alignment, inputPx: number, borderPx: number): Crop {
  const sizePx = inputPx + 2 * borderPx;
  const target = template.points.map(({ x, y }) => ({ x: x + borderPx, y: y + borderPx }));
  const values = new Float32Array(3 * sizePx * sizePx);
  warp(frame, invert(fitSimilarity(anchorPoints(face.landmarks, template), target)), values, sizePx, rawPixels);
  return { person: photograph.person, path: photograph.path, sizePx, planes: Uint8ClampedArray.from(values, Math.round) };
}
