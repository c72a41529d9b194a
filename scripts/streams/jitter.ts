import sharp from 'sharp';
import { decodePicture } from '../../src/camera/picture.js';
import type { Frame } from '../../src/camera/frame.js';
import type { Random } from '../training/random.js';

/** How many frames a photograph becomes: 1.5 s of somebody before the door. */
export const STREAM_FRAMES = 15;
export const STEP_MS = 100;

const WIDTH = 640;
const HEIGHT = 480;
const WALL = { r: 96, g: 104, b: 112 };

/**
 * A photograph as a camera would see it held still by a hand: each frame shifted, scaled, rolled, lit and compressed a little
 * differently, before a plain wall.
 */
export async function* jitter(photograph: string, random: Random): AsyncGenerator<Frame> {
  let sequence = 0;
  for await (const jpeg of jitteredJpegs(photograph, random)) {
    const picture = await decodePicture(jpeg, photograph, { maxPixels: WIDTH * HEIGHT });
    sequence++;
    yield { ...picture, capturedAtMs: sequence * STEP_MS, sequence, source: photograph };
  }
}

/** The same as the pictures that a camera sends. */
export async function* jitteredJpegs(photograph: string, random: Random): AsyncGenerator<Buffer> {
  const { width, height } = await sharp(photograph).metadata();
  // A face that fills half of a portrait becomes a face of an arm's length.
  const fit = Math.min(WIDTH / width, HEIGHT / height) * 0.9;
  const within = (least: number, most: number) => least + (most - least) * random.next();
  for (let frame = 0; frame < STREAM_FRAMES; frame++) {
    const scale = fit * within(0.92, 1.08);
    const held = await sharp(photograph)
      .toColourspace('srgb')
      .resize(Math.round(width * scale), Math.round(height * scale), { fit: 'fill' })
      .rotate(within(-4, 4), { background: WALL })
      .linear(within(0.9, 1.1), within(-6, 6))
      .removeAlpha()
      .png()
      .toBuffer({ resolveWithObject: true });
    const { data, info } = await inFrame(held.data, held.info);
    const left = Math.round((WIDTH - info.width) / 2 + within(-0.06, 0.06) * WIDTH);
    const top = Math.round((HEIGHT - info.height) / 2 + within(-0.06, 0.06) * HEIGHT);
    yield await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: WALL } })
      .composite([{ input: data, left: clamp(left, WIDTH - info.width), top: clamp(top, HEIGHT - info.height) }])
      .jpeg({ quality: Math.round(within(70, 92)) })
      .toBuffer();
  }
}

const clamp = (value: number, most: number) => Math.max(0, Math.min(most, value));

/** What of a picture fits into a frame: its middle. */
async function inFrame(picture: Buffer, { width, height }: { readonly width: number; readonly height: number }) {
  const region = { width: Math.min(width, WIDTH), height: Math.min(height, HEIGHT) };
  return sharp(picture)
    .extract({ ...region, left: Math.floor((width - region.width) / 2), top: Math.floor((height - region.height) / 2) })
    .toBuffer({ resolveWithObject: true });
}
