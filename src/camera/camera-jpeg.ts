import turbo from '@julusian/jpeg-turbo';
import { imageSize } from 'image-size';
import type { Picture, PictureLimits } from './frame.js';

/** A larger picture is a photograph: it would hold up the event loop, and at 12 megapixels libvips is the quicker one. */
const MAX_PIXELS = 2_100_000;

/**
 * Decodes the JPEGs that cameras write (upright, without a colour profile) with libjpeg-turbo alone: a third of the time that
 * libvips takes for 640x480 (1.6 ms against 5.3, medians of interleaved runs on one busy machine).
 *
 * @returns undefined for any other picture, also for a damaged one: libvips decodes it, or says what is wrong with it
 */
export function decodeCameraJpeg(bytes: Uint8Array, { maxPixels }: PictureLimits): Picture | undefined {
  const jpeg = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    // The size comes first, from the header: the decoder would allocate whatever the picture claims to be.
    const { type, width, height, orientation = 1 } = imageSize(bytes);
    const pixels = width * height;
    if (type !== 'jpg' || orientation !== 1 || !(pixels > 0 && pixels <= Math.min(maxPixels, MAX_PIXELS)) || hasProfile(jpeg))
      return undefined;
    const rgb = Buffer.alloc(pixels * 3);
    const decoded = turbo.decompressSync(jpeg, rgb, { format: turbo.FORMAT_RGB });
    if (decoded.width !== width || decoded.height !== height) return undefined;
    return { widthPx: width, heightPx: height, rgb };
  } catch {
    return undefined;
  }
}

/** An ICC profile stands in an APP2 segment that begins with this name (ICC.1, annex B.4), among the first segments. */
function hasProfile(jpeg: Buffer): boolean {
  return jpeg.subarray(0, 65_536).includes('ICC_PROFILE\0', 0, 'latin1');
}
