import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Box } from '../../src/faces/face.js';

/** Somebody on one of the photographs that come with the npm package: where their face is. */
export interface Sitter {
  readonly photograph: string;
  readonly face: Box;
}

/** The one person who is on two of the photographs: enrolled from one, she comes to the door as she looks on the other. */
export const resident = {
  enrolled: { photograph: 'sample1.jpg', face: { left: 1456, top: 222, width: 232, height: 213 } },
  atTheDoor: { photograph: 'sample3.jpg', face: { left: 1073, top: 206, width: 233, height: 310 } },
} satisfies Record<string, Sitter>;

export const strangers: readonly Sitter[] = [
  { photograph: 'sample4.jpg', face: { left: 993, top: 181, width: 172, height: 249 } },
  { photograph: 'sample6.jpg', face: { left: 1479, top: 253, width: 220, height: 300 } },
  { photograph: 'sample5.jpg', face: { left: 378, top: 871, width: 181, height: 301 } },
];

const FRAME = { width: 640, height: 480 };
const WALL = { r: 96, g: 104, b: 112 };
/** The face's height in a frame, from the first step to the last. */
const FAR_PX = 110;
const NEAR_PX = 190;

/** The part of a photograph around a face, as a picture of its own. */
export async function portrait(photographs: string, { photograph, face }: Sitter, margin = 0.45): Promise<Buffer> {
  const image = sharp(await readFile(join(photographs, photograph)));
  const { width, height } = await image.metadata();
  const left = Math.max(0, Math.round(face.left - face.width * margin));
  const top = Math.max(0, Math.round(face.top - face.height * margin));
  const right = Math.min(width, Math.round(face.left + face.width * (1 + margin)));
  const bottom = Math.min(height, Math.round(face.top + face.height * (1 + margin)));
  return image
    .extract({ left, top, width: right - left, height: bottom - top })
    .jpeg({ quality: 95 })
    .toBuffer();
}

/**
 * Writes the frames of a replayed camera: each visitor walks up to the door before a plain wall, and in between nobody is there.
 *
 * @returns how many frames were written to `folder`
 */
export async function playVisitors(folder: string, photographs: string, visitors: readonly Sitter[]): Promise<number> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const wall = await emptyWall();
  let frames = 0;
  const write = (frame: Buffer) => writeFile(join(folder, `${String(++frames).padStart(4, '0')}.jpg`), frame);

  for (const visitor of visitors) {
    for (let pause = 0; pause < 15; pause++) await write(wall);
    for (const frame of await approach(photographs, visitor)) await write(frame);
  }
  for (let pause = 0; pause < 15; pause++) await write(wall);
  return frames;
}

/** A frame in which nobody is before the door. */
export function emptyWall(): Promise<Buffer> {
  return sharp({ create: { ...FRAME, channels: 3, background: WALL } })
    .jpeg()
    .toBuffer();
}

/** The frames in which somebody walks up to the door before a plain wall. */
export async function approach(photographs: string, visitor: Sitter): Promise<Buffer[]> {
  const wall = await emptyWall();
  const person = await portrait(photographs, visitor);
  const { width, height } = await sharp(person).metadata();
  const frames: Buffer[] = [];
  for (let step = 0; step < STEPS; step++) {
    const facePx = FAR_PX + ((NEAR_PX - FAR_PX) * step) / (STEPS - 1);
    const scale = facePx / visitor.face.height;
    const size = { width: Math.round(width * scale), height: Math.min(FRAME.height, Math.round(height * scale)) };
    const sway = Math.round(6 * Math.sin(step));
    const picture = await sharp(person)
      .resize({ ...size, fit: 'fill' })
      .toBuffer();
    const left = Math.round((FRAME.width - size.width) / 2) + sway;
    const frame = sharp(wall).composite([{ input: picture, left, top: Math.round((FRAME.height - size.height) / 2) }]);
    frames.push(await frame.jpeg({ quality: 92 }).toBuffer());
  }
  return frames;
}

const STEPS = 16;
