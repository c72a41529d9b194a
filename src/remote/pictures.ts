import type { Frame, Picture } from '../camera/frame.js';
import { loadSharp } from '../camera/picture.js';
import type { Box } from '../faces/face.js';

const QUALITY = 85;
/** Around a face, as a share of its box: enough to see hair and shoulders. */
const MARGIN = 0.4;

/** The whole picture as a JPEG. */
export async function jpegOf({ rgb, widthPx, heightPx }: Picture): Promise<Buffer> {
  const sharp = await loadSharp();
  return await sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}

/** The face and a little around it as a JPEG. */
export async function faceJpegOf({ rgb, widthPx, heightPx }: Frame, { left, top, width, height }: Box): Promise<Buffer> {
  const from = (start: number, size: number) => Math.max(0, Math.floor(start - size * MARGIN));
  const to = (start: number, size: number, limit: number) => Math.min(limit, Math.ceil(start + size * (1 + MARGIN)));
  const area = { left: from(left, width), top: from(top, height) };
  const size = { width: to(left, width, widthPx) - area.left, height: to(top, height, heightPx) - area.top };
  const sharp = await loadSharp();
  return await sharp(rgb, { raw: { width: widthPx, height: heightPx, channels: 3 } })
    .extract({ ...area, ...size })
    .jpeg({ quality: QUALITY })
    .toBuffer();
}
