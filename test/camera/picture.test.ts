import { spawnSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodePicture, readPicture } from '../../src/camera/picture.js';
import { plain, redOf, temporaryFolder } from './support.js';

const limits = { maxPixels: 1_000_000 };

/** 64x48, red from left to right, green from top to bottom: compresses to something, and every corner differs. */
function gradient() {
  const [width, height] = [64, 48];
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) pixels.set([x * 4, y * 5, 60], (y * width + x) * 3);
  }
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}

const decode = (bytes: Uint8Array, maxPixels = limits.maxPixels) => decodePicture(bytes, 'door.jpg', { maxPixels });
const code = async (promise: Promise<unknown>) =>
  promise.then(
    () => 'decoded',
    (thrown: unknown) => (thrown as { code?: string }).code,
  );

describe('decodePicture', () => {
  it('gives sRGB pixels in rows from the top', async () => {
    const picture = await decode(await gradient().png().toBuffer());
    expect(picture).toMatchObject({ widthPx: 64, heightPx: 48 });
    expect(picture.rgb).toHaveLength(64 * 48 * 3);
    expect([...picture.rgb.subarray(0, 3)]).toEqual([0, 0, 60]);
    expect([...picture.rgb.subarray(63 * 3, 64 * 3)]).toEqual([252, 0, 60]);
    expect([...picture.rgb.subarray(-3)]).toEqual([252, 235, 60]);
  });

  it.each([
    ['JPEG', () => gradient().jpeg({ quality: 95 })],
    ['progressive JPEG', () => gradient().jpeg({ quality: 95, progressive: true })],
    ['PNG', () => gradient().png()],
    ['PNG with 16 bits', () => gradient().toColourspace('rgb16').png()],
    ['WebP', () => gradient().webp({ quality: 95 })],
    ['TIFF', () => gradient().tiff({ compression: 'lzw' })],
    ['TIFF with 16 bits', () => gradient().toColourspace('rgb16').tiff({ compression: 'none' })],
    ['JPEG in CMYK', () => gradient().toColourspace('cmyk').jpeg({ quality: 95 })],
    ['JPEG with a wide-gamut profile', () => gradient().withIccProfile('p3').jpeg({ quality: 95 })],
  ])('takes a %s', async (_name, make) => {
    const { rgb, ...size } = await decode(await make().toBuffer());
    expect(size).toEqual({ widthPx: 64, heightPx: 48 });
    const middle = rgb.subarray((24 * 64 + 32) * 3, (24 * 64 + 32) * 3 + 3);
    // Of [128, 120, 60]; CMYK inks cannot mix every colour.
    expect(Math.abs(middle[0] - 128)).toBeLessThan(16);
    expect(Math.abs(middle[1] - 120)).toBeLessThan(16);
    expect(Math.abs(middle[2] - 60)).toBeLessThan(24);
  });

  it.each([
    ['JPEG', () => gradient().greyscale().jpeg()],
    ['PNG with 16 bits', () => gradient().toColourspace('grey16').png()],
    ['PNG with alpha', () => gradient().greyscale().ensureAlpha(1).png()],
  ])('makes three equal channels of a grey %s', async (_name, make) => {
    const { rgb } = await decode(await make().toBuffer());
    expect(rgb).toHaveLength(64 * 48 * 3);
    for (let at = 0; at < rgb.length; at += 3) expect(rgb[at] === rgb[at + 1] && rgb[at] === rgb[at + 2]).toBe(true);
  });

  it('turns a photograph upright', async () => {
    // Orientation 6: what is on top lies at the left of the stored picture.
    const lying = await plain(200, 0, 0, 40, 20)
      .extend({ left: 20, background: '#0000ff' })
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    const { rgb, ...size } = await decode(lying);
    expect(size).toEqual({ widthPx: 20, heightPx: 60 });
    expect([...rgb.subarray(0, 3)]).toEqual([0, 0, 255]);
    expect([...rgb.subarray(-3)]).toEqual([200, 0, 0]);
  });

  it('puts what is transparent on white', async () => {
    const { rgb } = await decode(await plain(0).ensureAlpha(0).png().toBuffer());
    expect(rgb.every((value) => value === 255)).toBe(true);
  });

  it('takes the first page of several', async () => {
    const pages = await Promise.all([30, 220].map((red) => plain(red).png().toBuffer()));
    const animated = await sharp(pages, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    const picture = await decode(animated);
    expect(picture).toMatchObject({ widthPx: 64, heightPx: 48 });
    expect(redOf(picture)).toBe(30);
  });

  it.each([
    ['JPEG', () => gradient().jpeg()],
    ['progressive JPEG', () => gradient().jpeg({ progressive: true })],
    ['PNG', () => gradient().png()],
    ['WebP', () => gradient().webp()],
    ['TIFF', () => gradient().tiff({ compression: 'lzw' })],
    ['uncompressed TIFF', () => gradient().tiff({ compression: 'none' })],
  ])('refuses a truncated %s, wherever it was cut', async (_name, make) => {
    const whole = await make().toBuffer();
    // The last 12 bytes of a PNG only say that it ends there.
    for (const share of [0.05, 0.3, 0.6, 0.9, 1 - 16 / whole.length]) {
      const cut = whole.subarray(0, Math.floor(whole.length * share));
      expect(await code(decode(cut)), `${cut.length} of ${whole.length} bytes`).toBe('PHOTO_UNREADABLE');
    }
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('this is no picture')],
    ['three bytes of a JPEG', Buffer.from([0xff, 0xd8, 0xff])],
    ['zeros', Buffer.alloc(10_000)],
  ])('refuses %s', async (_name, bytes) => {
    await expect(decode(bytes)).rejects.toMatchObject({ code: 'PHOTO_UNREADABLE', exitStatus: 3 });
    await expect(decode(bytes)).rejects.toThrow(/expected a whole JPEG, PNG, WebP or TIFF picture.*door\.jpg/);
  });

  it.each([
    ['SVG', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"/>')],
    ['GIF', () => gradient().gif().toBuffer()],
    ['AVIF', () => gradient().avif().toBuffer()],
  ])('keeps away from the %s decoder, though sharp has one', async (_name, make) => {
    const bytes = await make();
    expect((await sharp(bytes).metadata()).width).toBe(64);
    expect(await code(decode(bytes))).toBe('PHOTO_UNREADABLE');
  });

  it('refuses a picture with more pixels than the limit, and says how many', async () => {
    const bytes = await plain(1, 2, 3, 100, 100).jpeg().toBuffer();
    await expect(decode(bytes, 9_999)).rejects.toMatchObject({ code: 'PHOTO_TOO_LARGE' });
    await expect(decode(bytes, 9_999)).rejects.toThrow(/at most 9999 pixels, received 10000/);
    expect(await code(decode(bytes, 10_000))).toBe('decoded');
  });

  it('knows from the header that a picture is too large, without the memory that it would take', async () => {
    // A JPEG whose header claims 16,000 x 16,000 pixels: 768 MB when decoded.
    const bytes = await plain(9).jpeg().toBuffer();
    const startOfFrame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(16_000, startOfFrame + 5);
    bytes.writeUInt16BE(16_000, startOfFrame + 7);
    const beforeBytes = process.memoryUsage.rss();
    await expect(decode(bytes)).rejects.toThrow(/at most 1000000 pixels, received 256000000/);
    expect(process.memoryUsage.rss() - beforeBytes).toBeLessThan(50e6);
  });
});

describe('readPicture', () => {
  it('reads a file', async () => {
    const path = join(await temporaryFolder(), 'ann.jpg');
    await writeFile(path, await plain(90).png().toBuffer());
    expect(redOf(await readPicture(path, limits))).toBe(90);
  });

  it('says that a file is missing, or is none', async () => {
    const folder = await temporaryFolder();
    await expect(readPicture(join(folder, 'nobody.jpg'), limits)).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
    await expect(readPicture(folder, limits)).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
  });

  it('does not wait for a FIFO', async () => {
    const path = join(await temporaryFolder(), 'fifo.jpg');
    expect(spawnSync('mkfifo', [path]).status).toBe(0);
    await expect(readPicture(path, limits)).rejects.toMatchObject({ code: 'PHOTO_NOT_FOUND' });
  });

  it('does not read a file that is longer than any picture within the limit', async () => {
    const path = join(await temporaryFolder(), 'huge.jpg');
    await writeFile(path, '');
    await truncate(path, 20_000_000_000); // sparse
    await expect(readPicture(path, limits)).rejects.toMatchObject({ code: 'PHOTO_TOO_LARGE' });
  });
});
