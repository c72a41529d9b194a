import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchorPoints, apply, fitSimilarity, invert, warp, type Similarity } from '../../src/faces/alignment.js';

const template = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
  { x: 41.5493, y: 92.3655 },
  { x: 70.7299, y: 92.2041 },
];
const anySimilarity = fc
  .record({
    scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
    angle: fc.double({ min: -3, max: 3, noNaN: true }),
    dx: fc.integer({ min: -900, max: 900 }),
    dy: fc.integer({ min: -900, max: 900 }),
  })
  .map(({ scale, angle, dx, dy }): Similarity => ({ a: scale * Math.cos(angle), b: scale * Math.sin(angle), dx, dy }));

describe('alignment', () => {
  it('finds the similarity that moved the points, whatever it was (property)', () => {
    fc.assert(
      fc.property(anySimilarity, (truth) => {
        const found = fitSimilarity(
          template,
          template.map((point) => apply(truth, point)),
        );
        for (const key of ['a', 'b', 'dx', 'dy'] as const) expect(found[key]).toBeCloseTo(truth[key], 6);
      }),
      { seed: 1 },
    );
  });

  it('inverts a similarity (property)', () => {
    fc.assert(
      fc.property(anySimilarity, (similarity) => {
        const back = apply(invert(similarity), apply(similarity, { x: 12, y: -7 }));
        expect(back.x).toBeCloseTo(12, 6);
        expect(back.y).toBeCloseTo(-7, 6);
      }),
      { seed: 2 },
    );
  });

  it('fits noisy points with the least squares: no nearby similarity does better', () => {
    const noisy = template.map(({ x, y }, i) => ({ x: 2 * x + 5 + Math.sin(i * 9), y: 2 * y - 3 + Math.cos(i * 7) }));
    const best = fitSimilarity(template, noisy);
    const cost = (s: Similarity) =>
      template.reduce((sum, point, i) => {
        const q = apply(s, point);
        return sum + (q.x - noisy[i].x) ** 2 + (q.y - noisy[i].y) ** 2;
      }, 0);
    for (const key of ['a', 'b', 'dx', 'dy'] as const) {
      for (const step of [-1e-3, 1e-3]) expect(cost({ ...best, [key]: best[key] + step })).toBeGreaterThan(cost(best));
    }
  });

  it('stays finite for points that all coincide', () => {
    const point = { x: 5, y: 5 };
    expect(Object.values(fitSimilarity([point, point], [point, point])).every(Number.isFinite)).toBe(true);
  });

  it('takes the means of the landmarks that the manifest names', () => {
    const landmarks = Array.from({ length: 68 }, (_, i) => ({ x: i, y: 2 * i }));
    expect(
      anchorPoints(landmarks, {
        points: [
          { landmarks: [37, 38, 40, 41], x: 0, y: 0 },
          { landmarks: [30], x: 0, y: 0 },
        ],
      }),
    ).toEqual([
      { x: 39, y: 78 },
      { x: 30, y: 60 },
    ]);
  });

  it('warps the frame so that each tensor pixel shows its place, and is black outside', () => {
    const rgb = new Uint8Array(20 * 20 * 3).map((_, i) => (i % 3 === 0 ? (Math.floor(i / 3) % 20) * 10 : 50));
    const frame = { widthPx: 20, heightPx: 20, rgb, capturedAtMs: 0, sequence: 1, source: 'test' };
    const tensor = new Float32Array(3 * 16).fill(NaN);
    warp(frame, { a: 1, b: 0, dx: 17, dy: 2 }, tensor, 4, { channels: 'RGB', subtract: [0, 0, 0], divide: [1, 1, 1] });
    expect([...tensor.subarray(0, 4)]).toEqual([170, 180, 190, 0]);
    expect([...tensor.subarray(16, 20)]).toEqual([50, 50, 50, 0]);
  });

  it('averages several samples a pixel when the face is much larger than the tensor', () => {
    // Stripes two pixels wide would alias to black or white with a single sample; their mean is grey.
    const rgb = new Uint8Array(160 * 160 * 3).map((_, i) => (Math.floor(i / 3) % 4 < 2 ? 0 : 200));
    const frame = { widthPx: 160, heightPx: 160, rgb, capturedAtMs: 0, sequence: 1, source: 'test' };
    const tensor = new Float32Array(3 * 256);
    warp(frame, { a: 8, b: 0, dx: 8, dy: 8 }, tensor, 16, { channels: 'RGB', subtract: [0, 0, 0], divide: [1, 1, 1] });
    expect(tensor[3 * 16 + 5]).toBeCloseTo(100, -1);
  });
});
