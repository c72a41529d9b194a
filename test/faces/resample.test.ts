import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import { resample, type PixelFormat } from '../../src/faces/resample.js';

function frameOf(widthPx: number, heightPx: number, pixel: (x: number, y: number) => readonly [number, number, number]): Frame {
  const rgb = new Uint8Array(widthPx * heightPx * 3);
  for (let y = 0; y < heightPx; y++) for (let x = 0; x < widthPx; x++) rgb.set(pixel(x, y), (y * widthPx + x) * 3);
  return { widthPx, heightPx, rgb, capturedAtMs: 0, sequence: 1, source: 'test' };
}

const plain = { channels: 'RGB', subtract: [0, 0, 0], divide: [1, 1, 1] } satisfies PixelFormat;
const whole = (frame: Frame) => ({ left: 0, top: 0, width: frame.widthPx, height: frame.heightPx });

function resized(frame: Frame, width: number, height: number, format: PixelFormat = plain, region = whole(frame)): Float32Array {
  const data = new Float32Array(width * height * (format.channels === 'grey' ? 1 : 3));
  resample(frame, region, { data, planeWidth: width, planeHeight: height, width, height }, format);
  return data;
}

describe('resampling a frame into a tensor', () => {
  it('averages the pixels of a box when it shrinks', () => {
    const frame = frameOf(4, 2, (x, y) => [x * 10 + y, 0, 200]);
    expect([...resized(frame, 2, 1)]).toEqual([5.5, 25.5, 0, 0, 200, 200]);
  });

  it('keeps the mean of a picture, whatever the ratio', () => {
    const frame = frameOf(100, 90, (x, y) => [(x * 7 + y * 13) % 256, (x * y) % 256, 128]);
    for (const [width, height] of [
      [50, 45],
      [33, 30],
      [10, 9],
      [7, 7],
    ] as const) {
      const data = resized(frame, width, height);
      const mean = (plane: number) =>
        data.subarray(plane * width * height, (plane + 1) * width * height).reduce((a, b) => a + b) / (width * height);
      const truth = (channel: number) => frame.rgb.reduce((sum, v, i) => (i % 3 === channel ? sum + v : sum), 0) / (100 * 90);
      for (const channel of [0, 1, 2]) expect(Math.abs(mean(channel) - truth(channel))).toBeLessThan(3);
    }
  });

  it('gives the short way for half the size the same result as the long one', () => {
    const frame = frameOf(64, 48, (x, y) => [(x * 7 + y * 13) % 256, (x * y) % 256, (x * 31) % 256]);
    const format = { channels: 'BGR', subtract: [1, 2, 3], divide: [4, 5, 6] } satisfies PixelFormat;
    const short = resized(frame, 32, 24, format);
    // A region that is all but the whole frame goes the long way over the same pixels.
    const long = resized(frame, 32, 24, format, { left: 0, top: 0, width: 64.000_01, height: 48 });
    short.forEach((value, i) => expect(Math.abs(value - long[i])).toBeLessThan(1e-3));
  });

  it('reproduces a linear ramp when it enlarges, and leaves a picture of the same size as it is', () => {
    const ramp = frameOf(8, 8, (x, y) => [x * 20, y * 20, 7]);
    const same = resized(ramp, 8, 8);
    for (let y = 0; y < 8; y++)
      for (let x = 0; x < 8; x++) expect([same[y * 8 + x], same[64 + y * 8 + x]]).toEqual([x * 20, y * 20]);
    const larger = resized(ramp, 16, 16);
    // Pixel 5 of 16 lies at (5 + 0.5) / 2 - 0.5 = 2.25 of 8.
    expect(larger[5]).toBeCloseTo(45, 4);
  });

  it('goes on with the edge outside the frame', () => {
    const frame = frameOf(4, 4, (x) => [x === 0 ? 100 : 200, 0, 0]);
    const data = resized(frame, 8, 8, plain, { left: -8, top: 0, width: 8, height: 4 });
    expect([...data.subarray(0, 6)]).toEqual([100, 100, 100, 100, 100, 100]);
    expect(data.every(Number.isFinite)).toBe(true);
  });

  it('orders and normalises channels as the network wants them', () => {
    const frame = frameOf(2, 2, () => [10, 20, 30]);
    expect([...resized(frame, 1, 1, { channels: 'BGR', subtract: [1, 2, 3], divide: [2, 2, 2] })]).toEqual([14.5, 9, 3.5]);
    const grey = resized(frame, 1, 1, { channels: 'grey', subtract: [0], divide: [256] });
    expect(grey[0]).toBeCloseTo((0.299 * 10 + 0.587 * 20 + 0.114 * 30) / 256, 6);
  });

  it('fills only the part of the tensor that it is given', () => {
    const frame = frameOf(2, 2, () => [9, 9, 9]);
    const data = new Float32Array(3 * 16);
    resample(frame, whole(frame), { data, planeWidth: 4, planeHeight: 4, width: 4, height: 2 }, plain);
    expect([...data.subarray(0, 16)]).toEqual([9, 9, 9, 9, 9, 9, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
  });
});
