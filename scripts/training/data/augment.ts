import type { Random } from '../random.js';
import type { Crop } from './crops.js';

/** How far a face may be changed at random: what cameras, light and imprecise alignment do to it. */
export interface Augmentation {
  /** Chance of a mirror image. */
  readonly flip: number;
  /** Largest shift along each axis, in parts of the input's width. */
  readonly shift: number;
  /** Largest change of size: 0.1 is from 0.9 to 1.1 times. */
  readonly scale: number;
  /** Largest turn, in degrees. */
  readonly turnDegrees: number;
  /** Largest change of brightness, of 255. */
  readonly brightness: number;
  /** Largest change of contrast about mid grey: 0.3 is from 0.7 to 1.3 times. */
  readonly contrast: number;
  /** Chance of a blur by the mean of 3x3 pixels. */
  readonly blur: number;
  /** Largest deviation of the noise of each value, of 255. */
  readonly noise: number;
}

export const augmentationDefaults: Augmentation = {
  flip: 0.5,
  shift: 0.06,
  scale: 0.1,
  turnDegrees: 8,
  brightness: 30,
  contrast: 0.3,
  blur: 0.2,
  noise: 6,
};

/** The border that a crop needs so that no shift, turn or scale above shows what lies outside. */
export function borderFor(inputPx: number, { shift, scale, turnDegrees }: Augmentation): number {
  const turn = (turnDegrees * Math.PI) / 180;
  const corner = (Math.cos(turn) + Math.sin(turn)) / 2;
  return Math.ceil(inputPx * (corner * (1 + scale) - 0.5 + shift));
}

/** The pixels that the door would see: planar RGB, 0..255, 3 * inputPx * inputPx. */
export function centreOf({ planes, sizePx }: Crop, inputPx: number): Float32Array {
  const border = (sizePx - inputPx) / 2;
  const values = new Float32Array(3 * inputPx * inputPx);
  for (let channel = 0, at = 0; channel < 3; channel++) {
    for (let y = 0; y < inputPx; y++) {
      const row = (channel * sizePx + y + border) * sizePx + border;
      for (let x = 0; x < inputPx; x++) values[at++] = planes[row + x];
    }
  }
  return values;
}

/** The face changed at random; the same random numbers give the same face. Shape and range as {@link centreOf}. */
export function augment(crop: Crop, inputPx: number, random: Random, by: Augmentation = augmentationDefaults): Float32Array {
  const within = (most: number) => (2 * random.next() - 1) * most;
  const mirrored = random.next() < by.flip;
  const zoom = 1 + within(by.scale);
  const turn = (within(by.turnDegrees) * Math.PI) / 180;
  const shiftX = within(by.shift) * inputPx;
  const shiftY = within(by.shift) * inputPx;
  const contrast = 1 + within(by.contrast);
  const brightness = within(by.brightness);
  const blurred = random.next() < by.blur;
  const noise = random.next() * by.noise;

  const placement = { a: zoom * Math.cos(turn), b: zoom * Math.sin(turn), shiftX, shiftY, mirrored };
  const placed = place(crop, inputPx, placement);
  const values = blurred ? meanOfNeighbours(placed, inputPx) : placed;
  for (let i = 0; i < values.length; i++) {
    const lit = (values[i] - 128) * contrast + 128 + brightness + random.normal() * noise;
    values[i] = Math.min(255, Math.max(0, lit));
  }
  return values;
}

interface Placement {
  readonly a: number;
  readonly b: number;
  readonly shiftX: number;
  readonly shiftY: number;
  readonly mirrored: boolean;
}

/** Samples the crop about its middle, between four pixels; beyond its border its edge goes on. */
function place({ planes, sizePx }: Crop, inputPx: number, { a, b, shiftX, shiftY, mirrored }: Placement): Float32Array {
  const values = new Float32Array(3 * inputPx * inputPx);
  const middle = (inputPx - 1) / 2;
  const centre = (sizePx - 1) / 2;
  const last = sizePx - 1;
  const clamp = (value: number) => Math.min(last, Math.max(0, value));
  for (let y = 0; y < inputPx; y++) {
    for (let x = 0; x < inputPx; x++) {
      const u = mirrored ? middle - x : x - middle;
      const v = y - middle;
      const sourceX = clamp(centre + a * u - b * v + shiftX);
      const sourceY = clamp(centre + b * u + a * v + shiftY);
      const left = Math.floor(sourceX);
      const top = Math.floor(sourceY);
      const across = sourceX - left;
      const down = sourceY - top;
      const right = Math.min(left + 1, last);
      const below = Math.min(top + 1, last);
      for (let channel = 0; channel < 3; channel++) {
        const plane = channel * sizePx * sizePx;
        const upper = planes[plane + top * sizePx + left] * (1 - across) + planes[plane + top * sizePx + right] * across;
        const lower = planes[plane + below * sizePx + left] * (1 - across) + planes[plane + below * sizePx + right] * across;
        values[(channel * inputPx + y) * inputPx + x] = upper * (1 - down) + lower * down;
      }
    }
  }
  return values;
}

function meanOfNeighbours(values: Float32Array, inputPx: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let i = 0; i < values.length; i++) {
    const x = i % inputPx;
    const y = Math.floor(i / inputPx) % inputPx;
    let sum = 0;
    let count = 0;
    for (let dy = y > 0 ? -1 : 0; dy <= (y < inputPx - 1 ? 1 : 0); dy++) {
      for (let dx = x > 0 ? -1 : 0; dx <= (x < inputPx - 1 ? 1 : 0); dx++) {
        sum += values[i + dy * inputPx + dx];
        count++;
      }
    }
    result[i] = sum / count;
  }
  return result;
}
