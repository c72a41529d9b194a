import { describe, expect, it } from 'vitest';
import { decodeDetections, suppressOverlaps } from '../../src/faces/detector.js';
import { largestFace, overlap, type Detection } from '../../src/faces/face.js';

const box = (left: number, top: number, width = 10, height = 10) => ({ left, top, width, height });

describe('detections', () => {
  it('keeps what scores above the limit, in pixels of the frame', () => {
    const scores = new Float32Array([0.9, 0.1, 0.2, 0.8, 0.35, 0.65]);
    const boxes = new Float32Array([0, 0, 1, 1, 0.25, 0.5, 0.5, 0.75, 0, 0, 1, 1]);
    const found = decodeDetections(scores, boxes, { x: 640, y: 480 }, 0.65);
    expect(found).toHaveLength(1);
    expect(found[0].box).toEqual({ left: 160, top: 240, width: 160, height: 120 });
  });

  it('takes a score that is no number, and a box turned inside out, for no face', () => {
    const boxes = new Float32Array([0, 0, 1, 1, 0.5, 0.5, 0.2, 0.9]);
    expect(decodeDetections(new Float32Array([0, NaN, 0, 0.99]), boxes, { x: 1, y: 1 }, 0.5)).toEqual([]);
  });

  it('keeps the surest of overlapping boxes and every box that stands apart', () => {
    const kept = suppressOverlaps(
      [
        { box: box(0, 0), score: 0.8 },
        { box: box(1, 1), score: 0.9 },
        { box: box(30, 0), score: 0.7 },
      ],
      0.4,
    );
    expect(kept.map(({ score }) => score)).toEqual([0.9, 0.7]);
  });

  it('measures overlap as intersection over union', () => {
    expect(overlap(box(0, 0), box(0, 0))).toBe(1);
    expect(overlap(box(0, 0), box(5, 0))).toBeCloseTo(1 / 3, 9);
    expect(overlap(box(0, 0), box(10, 0))).toBe(0);
  });

  it('calls the face that takes up most of the picture the largest', () => {
    const none: Detection[] = [];
    expect(largestFace(none)).toBeUndefined();
    const faces = [
      { box: box(0, 0, 10, 10), score: 1 },
      { box: box(0, 0, 20, 20), score: 0.7 },
    ];
    expect(largestFace(faces)).toBe(faces[1]);
  });
});
