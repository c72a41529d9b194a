import sharp from 'sharp';
import { readPicture } from '../../../src/camera/picture.js';
import { configSchema } from '../../../src/config-schema.js';
import { cutCrop } from '../data/crops.js';
import type { EmbeddedFace } from '../evaluation/embed.js';
import { dlibTemplate, scaleTemplate } from '../networks/templates.js';

const SIZE_PX = 112;

/** The aligned face as a small JPEG in a data URI, for a page that must stand alone. */
export async function thumbnail({ photograph, face }: EmbeddedFace): Promise<string> {
  const picture = await readPicture(photograph.path, { maxPixels: configSchema.parse({}).maxPicturePixels });
  const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: photograph.path };
  const { planes } = cutCrop({ photograph, frame, face }, scaleTemplate(dlibTemplate, SIZE_PX), SIZE_PX, 0);
  const area = SIZE_PX * SIZE_PX;
  const interleaved = Uint8Array.from({ length: 3 * area }, (_, i) => planes[(i % 3) * area + Math.floor(i / 3)]);
  const jpeg = await sharp(interleaved, { raw: { width: SIZE_PX, height: SIZE_PX, channels: 3 } })
    .jpeg({ quality: 80 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}
