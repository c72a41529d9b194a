import { readFile, stat } from 'node:fs/promises';
import { fault, reasonOf } from '../errors.js';
import type { FacelatchError } from '../errors.js';
import type { Picture, PictureLimits } from './frame.js';

export type { Picture, PictureLimits } from './frame.js';

let sharp: Promise<typeof import('sharp').default> | undefined;

/** Loaded for the first picture: behind ffmpeg, and for most commands, there is none. */
export function loadSharp(): Promise<typeof import('sharp').default> {
  sharp ??= import('sharp').then(({ default: loaded }) => {
    // Every picture is decoded once, so a cache of operations only costs memory. One thread: with two, a 640x480 JPEG is no
    // faster (4.1 ms against 4.2) and each further thread of libvips keeps its own buffers.
    loaded.cache(false);
    loaded.concurrency(1);
    return loaded;
  });
  return sharp;
}

// libvips picks the decoder by the leading bytes. Looking at them first keeps SVG, HEIF, GIF and whatever comes to be
// compiled in out of reach: a door needs none of them, and each is a parser open to whoever hands in a photograph.
const signatures = [
  /^ffd8ff/, // JPEG
  /^89504e470d0a1a0a/, // PNG
  /^52494646.{8}57454250/, // RIFF....WEBP
  /^(49492a00|4d4d002a)/, // TIFF, of either byte order
];

/** No encoding of a picture within the limit is longer than four channels of 16 bits without compression, and a header. */
const longestFileBytes = (limits: PictureLimits) => limits.maxPixels * 8 + 1_048_576;

/**
 * Decodes a JPEG, PNG, WebP or TIFF picture, as a person would see it: sRGB, upright (EXIF orientation applied), on white
 * where it was transparent. Of several pages or frames the first.
 * @param source what the errors call the picture
 * @throws PHOTO_UNREADABLE for anything else and for a truncated one; PHOTO_TOO_LARGE, known from the header alone
 */
export async function decodePicture(bytes: Uint8Array, source: string, limits: PictureLimits): Promise<Picture> {
  if (!isKnown(bytes)) {
    const reason = bytes.length === 0 ? 'it is empty' : 'its leading bytes are those of none of them';
    throw fault('PHOTO_UNREADABLE', { source, reason });
  }
  const sharp = await loadSharp();
  try {
    // 'error' refuses truncation and damage, but not the harmless oddities that many a phone writes ('warning' would).
    const { data, info } = await sharp(bytes, { autoOrient: true, failOn: 'error', limitInputPixels: limits.maxPixels })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    if (data.length !== info.width * info.height * 3) {
      throw new Error(`decoded to ${info.channels} channels instead of 3`);
    }
    return { widthPx: info.width, heightPx: info.height, rgb: data };
  } catch (thrown) {
    throw await explain(thrown, bytes, source, limits);
  }
}

/**
 * Reads and decodes the picture in a file.
 * @throws PHOTO_NOT_FOUND where there is no readable file; otherwise as {@link decodePicture}
 */
export async function readPicture(path: string, limits: PictureLimits): Promise<Picture> {
  const bytes = await readBounded(path, limits);
  return decodePicture(bytes, path, limits);
}

async function readBounded(path: string, limits: PictureLimits): Promise<Uint8Array> {
  try {
    const entry = await stat(path);
    // A FIFO or a device would be read for ever.
    if (!entry.isFile()) throw new Error('not a file');
    if (entry.size <= longestFileBytes(limits)) return await readFile(path);
  } catch (thrown) {
    throw fault('PHOTO_NOT_FOUND', { path }, thrown);
  }
  throw fault('PHOTO_TOO_LARGE', { source: path, pixels: undefined, maxPixels: limits.maxPixels });
}

function isKnown(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.subarray(0, 12)).toString('hex');
  return signatures.some((signature) => signature.test(head));
}

/** sharp tells its causes apart by their text only. */
async function explain(thrown: unknown, bytes: Uint8Array, source: string, limits: PictureLimits): Promise<FacelatchError> {
  const reason = reasonOf(thrown).split('\n', 1)[0] ?? '';
  if (!/exceeds pixel limit/i.test(reason)) return fault('PHOTO_UNREADABLE', { source, reason }, thrown);
  const sharp = await loadSharp();
  const pixels = await sharp(bytes, { limitInputPixels: false }).metadata().then(
    ({ width, height }) => width * height,
    () => undefined,
  ); // prettier-ignore
  return fault('PHOTO_TOO_LARGE', { source, pixels, maxPixels: limits.maxPixels }, thrown);
}
