/** The pictures that are measured: people of the photographs that come with the models, before a plain wall. */
import { join } from 'node:path';
import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { defaultModelsFolder } from '../../src/inference/manifest.js';
import { portrait, resident, strangers, type Sitter } from '../demo/visitors.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export const VGA: Size = { width: 640, height: 480 };
export const photographs = join(defaultModelsFolder(), 'photographs');

const WALL = { r: 96, g: 104, b: 112 };
/** Of the frame's height: somebody at an arm's length. */
const PERSON = 5 / 6;
/** Side by side in a frame of 640x480, each face some 95 px high. */
const CELL: Size = { width: 128, height: 180 };
const everybody: readonly Sitter[] = [resident.atTheDoor, strangers[0], strangers[1], strangers[2], resident.enrolled];

/** The most people that `peopleInRow` shows. */
export const MOST_PEOPLE = everybody.length;

export function wall({ width, height }: Size = VGA): Sharp {
  return sharp({ create: { width, height, channels: 3, background: WALL } });
}

/** One person, at the left of the frame and as high as most of it, as a JPEG. */
export async function onePerson(size: Size = VGA, sitter: Sitter = resident.atTheDoor): Promise<Buffer> {
  const person = await sharp(await portrait(photographs, sitter))
    .resize({ height: Math.round(size.height * PERSON) })
    .toBuffer();
  return jpegOf(size, [{ input: person, left: 0, top: Math.round((size.height * (1 - PERSON)) / 2) }]);
}

/** So many people side by side, as a JPEG of 640x480: the faces have the same size however many there are. */
export async function peopleInRow(count: number): Promise<Buffer> {
  const people = everybody.slice(0, count).map(async (sitter, index) => ({
    input: await sharp(await portrait(photographs, sitter))
      .resize({ ...CELL, fit: 'cover' })
      .toBuffer(),
    left: index * CELL.width,
    top: Math.round((VGA.height - CELL.height) / 2),
  }));
  return jpegOf(VGA, await Promise.all(people));
}

export function jpegOf(size: Size, overlays: OverlayOptions[]): Promise<Buffer> {
  return wall(size).composite(overlays).jpeg({ quality: 90 }).toBuffer();
}
