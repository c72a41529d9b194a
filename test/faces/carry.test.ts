import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import { carriedBox, carryFace } from '../../src/faces/carry.js';
import type { Face, Point } from '../../src/faces/face.js';

const frame = { widthPx: 640, heightPx: 480, rgb: new Uint8Array(0), capturedAtMs: 0, sequence: 1, source: '' } as Frame;
const points: Point[] = Array.from({ length: 68 }, (_, i) => ({ x: 100 + 40 * Math.cos(i), y: 120 + 50 * Math.sin(2 * i) }));
const box = { left: 50, top: 50, width: 100, height: 130 };
const face: Face = { box, score: 0.9, landmarks: points };
const moved = (dx: number, dy: number, scale = 1) =>
  points.map(({ x, y }) => ({ x: 100 + (x - 100) * scale + dx, y: 120 + (y - 120) * scale + dy }));

describe('a face that is carried to the next frame', () => {
  it('has a box that goes and grows with its landmarks', () => {
    const carried = carriedBox(box, points, moved(30, -10, 1.2));
    expect(carried.width).toBeCloseTo(120);
    expect(carried.height).toBeCloseTo(156);
    // The middle of the box went as the points did.
    expect(carried.left + 60).toBeCloseTo(130);
    expect(carried.top + 78).toBeCloseTo(120 - 10 + (115 - 120) * 1.2);
  });

  it('is looked for once where it stands still, and again where its landmarks point to', async () => {
    const looks: number[] = [];
    const still = await carryFace(frame, face, (_frame, { left }) => {
      looks.push(left);
      return Promise.resolve(moved(0.5, 0));
    });
    expect(looks).toEqual([50]);
    expect(still?.box.left).toBeCloseTo(50.5);
    const went = await carryFace(frame, face, (_frame, { left }) => {
      looks.push(left);
      return Promise.resolve(moved(40, 0));
    });
    expect(looks.slice(1)).toEqual([50, expect.closeTo(90)]);
    expect(went?.box.left).toBeCloseTo(90);
  });

  it('is given up when its landmarks come to no rest, and when they are no numbers', async () => {
    let looks = 0;
    expect(await carryFace(frame, face, () => Promise.resolve(moved(40 * ++looks, 0)))).toBeUndefined();
    expect(looks).toBe(3);
    const nowhere = points.map(() => ({ x: NaN, y: NaN }));
    expect(await carryFace(frame, face, () => Promise.resolve(nowhere))).toBeUndefined();
  });
});
