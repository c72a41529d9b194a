import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Picture } from '../../src/camera/picture.js';
import { PpmStream } from '../../src/camera/ppm-stream.js';

const MAX_PIXELS = 10_000;

function open() {
  const pictures: Picture[] = [];
  const damages: string[] = [];
  const stream = new PpmStream(MAX_PIXELS, {
    onPicture: (picture) => pictures.push(picture),
    onDamage: (reason) => damages.push(reason),
  });
  return { stream, pictures, damages };
}

const encode = ({ widthPx, heightPx, rgb }: Picture) => Buffer.concat([Buffer.from(`P6\n${widthPx} ${heightPx}\n255\n`), rgb]);

const anyPicture = fc
  .tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }))
  .chain(([widthPx, heightPx]) =>
    fc
      .uint8Array({ minLength: widthPx * heightPx * 3, maxLength: widthPx * heightPx * 3 })
      .map((rgb) => ({ widthPx, heightPx, rgb })),
  );

describe('PpmStream', () => {
  it('gives back every picture, wherever the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(anyPicture, { maxLength: 5 }), fc.array(fc.integer({ min: 0, max: 400 })), (sent, lengths) => {
        const { stream, pictures, damages } = open();
        const bytes = Buffer.concat(sent.map(encode));
        let at = 0;
        for (const length of lengths) stream.push(bytes.subarray(at, (at += length)));
        stream.push(bytes.subarray(at));
        expect(damages).toEqual([]);
        expect(pictures.map((picture) => ({ ...picture, rgb: [...picture.rgb] }))).toEqual(
          sent.map((picture) => ({ ...picture, rgb: [...picture.rgb] })),
        );
      }),
    );
  });

  it('gives back every picture when the bytes come one by one', () => {
    const { stream, pictures } = open();
    const sent = { widthPx: 3, heightPx: 2, rgb: Uint8Array.from({ length: 18 }, (_, at) => at) };
    for (const byte of Buffer.concat([encode(sent), encode(sent)])) stream.push(Uint8Array.of(byte));
    expect(pictures.map(({ rgb }) => [...rgb])).toEqual([[...sent.rgb], [...sent.rgb]]);
  });

  it('never invents a picture, fails or asks for much memory, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
        fc.pre(!Buffer.concat(chunks).subarray(0, 2).equals(Buffer.from('P6')));
        const { stream, pictures, damages } = open();
        for (const chunk of chunks) stream.push(chunk);
        expect(pictures).toEqual([]);
        expect(damages).toHaveLength(Buffer.concat(chunks).length >= 19 ? 1 : 0);
      }),
    );
  });

  it('ends at garbage between pictures and gives none after it', () => {
    const good = { widthPx: 2, heightPx: 2, rgb: new Uint8Array(12).fill(7) };
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (garbage) => {
        fc.pre(garbage[0] !== 'P'.charCodeAt(0));
        const { stream, pictures, damages } = open();
        stream.push(Buffer.concat([encode(good), garbage, encode(good), encode(good)]));
        stream.push(encode(good));
        expect(pictures).toHaveLength(1);
        expect(damages).toHaveLength(1);
      }),
    );
  });

  it.each([
    ['another kind of picture', 'P5\n4 4\n255\n'],
    ['another depth', 'P6\n4 4\n65535\n'],
    ['no width', 'P6\n0 4\n255\n'],
    ['a negative height', 'P6\n4 -4\n255\n'],
    ['a comment', 'P6\n# by hand\n4 4\n255\n'],
    ['a JPEG', '\xff\xd8\xff\xe0'],
  ])('refuses %s', (_name, header) => {
    const { stream, pictures, damages } = open();
    stream.push(Buffer.concat([Buffer.from(header, 'latin1'), Buffer.alloc(60)]));
    expect(pictures).toEqual([]);
    expect(damages).toHaveLength(1);
    expect(damages[0]).toMatch(/^bytes that begin no PPM picture/);
  });

  it('sets no memory aside for a picture over the limit', () => {
    const { stream, damages } = open();
    stream.push(Buffer.from('P6\n99999 99999\n255\n'));
    expect(damages).toEqual([`a picture of 99999x99999, more than ${MAX_PIXELS} pixels`]);
  });

  it('takes time in proportion to the bytes, not to the chunks times the bytes', () => {
    // 12 MB in chunks of 64 bytes: with one copy of what came before for each chunk this would move 10^12 bytes.
    const widthPx = 2000;
    const picture = { widthPx, heightPx: 2000, rgb: new Uint8Array(widthPx * 2000 * 3) };
    const bytes = encode(picture);
    let pictures = 0;
    const stream = new PpmStream(4_000_000, { onPicture: () => pictures++, onDamage: expect.unreachable });
    const startMs = performance.now();
    for (let at = 0; at < bytes.length; at += 64) stream.push(bytes.subarray(at, at + 64));
    expect(pictures).toBe(1);
    expect(performance.now() - startMs).toBeLessThan(5_000);
  });
});
