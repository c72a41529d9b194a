import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeCameraJpeg } from '../../src/camera/camera-jpeg.js';
import { decodePicture } from '../../src/camera/picture.js';

const limits = { maxPixels: 1_000_000 };
const gradient = sharp(Buffer.from(Array.from({ length: 64 * 48 * 3 }, (_, i) => (i * 5) % 256)), {
  raw: { width: 64, height: 48, channels: 3 },
}).blur(3);

describe('the quick way for JPEGs from cameras', () => {
  it('gives what libvips gives, but for rounding', async () => {
    const jpeg = await gradient.clone().jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
    const quick = decodeCameraJpeg(jpeg, limits);
    const slow = await sharp(jpeg).raw().toBuffer();
    expect(quick).toMatchObject({ widthPx: 64, heightPx: 48 });
    const apart = [...slow].map((value, i) => Math.abs(value - (quick?.rgb[i] ?? 0)));
    // Two versions of one library round their cosines differently; a wrong channel order or offset would be tens apart.
    expect(Math.max(...apart)).toBeLessThanOrEqual(8);
    expect(apart.reduce((sum, value) => sum + value, 0) / apart.length).toBeLessThan(2);
  });

  it('spreads a grey JPEG over three channels', async () => {
    const jpeg = await gradient.clone().greyscale().jpeg().toBuffer();
    const quick = decodeCameraJpeg(jpeg, limits);
    expect(quick?.rgb).toHaveLength(64 * 48 * 3);
    expect(quick?.rgb[0]).toBe(quick?.rgb[1]);
  });

  it('leaves turned, profiled, other, too large and damaged pictures to libvips', async () => {
    const jpeg = await gradient.clone().jpeg().toBuffer();
    const others = [
      await gradient.clone().withMetadata({ orientation: 6 }).jpeg().toBuffer(),
      await gradient.clone().withIccProfile('p3').jpeg().toBuffer(),
      await gradient.clone().png().toBuffer(),
      jpeg.subarray(0, jpeg.length / 2),
      Buffer.from('no picture at all'),
      Buffer.alloc(0),
    ];
    for (const bytes of others) expect(decodeCameraJpeg(bytes, limits)).toBeUndefined();
    expect(decodeCameraJpeg(jpeg, { maxPixels: 100 })).toBeUndefined();
    await expect(decodePicture(jpeg.subarray(0, jpeg.length / 2), 'cut', limits)).rejects.toMatchObject({
      code: 'PHOTO_UNREADABLE',
    });
    await expect(decodePicture(jpeg, 'large', { maxPixels: 100 })).rejects.toMatchObject({ code: 'PHOTO_TOO_LARGE' });
    expect(await decodePicture(others[0], 'turned', limits)).toMatchObject({ widthPx: 48, heightPx: 64 });
  });

  it('allocates nothing for a header that claims a huge picture', async () => {
    const jpeg = await gradient.clone().jpeg().toBuffer();
    const sof = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    jpeg.writeUInt16BE(65_500, sof + 5);
    jpeg.writeUInt16BE(65_500, sof + 7);
    expect(decodeCameraJpeg(jpeg, limits)).toBeUndefined();
  });
});
