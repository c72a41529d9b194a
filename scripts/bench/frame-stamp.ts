/** A number in a picture's corner, in black and white squares that survive a JPEG: which frame of a stream the door has seen. */
import sharp, { type OverlayOptions } from 'sharp';
import type { Picture } from '../../src/camera/picture.js';
import { VGA } from './scenes.js';

const BITS = 6;
const SQUARE = 16;
const left = (bit: number) => VGA.width - (bit + 1) * SQUARE;
const TOP = VGA.height - SQUARE;

/** How many numbers there are: 0 to one less. */
export const STAMPS = 2 ** BITS;

export async function stampOverlays(stamp: number): Promise<OverlayOptions[]> {
  const square = (grey: number) =>
    sharp({ create: { width: SQUARE, height: SQUARE, channels: 3, background: { r: grey, g: grey, b: grey } } })
      .png()
      .toBuffer();
  const [black, white] = await Promise.all([square(0), square(255)]);
  return Array.from({ length: BITS }, (_, bit) => ({
    ...{ input: (stamp >> bit) & 1 ? white : black, left: left(bit), top: TOP },
  }));
}

/** @param picture of 640x480 */
export function readStamp({ rgb, widthPx }: Picture): number {
  let stamp = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const middle = (TOP + SQUARE / 2) * widthPx + left(bit) + SQUARE / 2;
    if (rgb[middle * 3 + 1] > 127) stamp |= 1 << bit;
  }
  return stamp;
}
