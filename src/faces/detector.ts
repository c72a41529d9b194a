import type { Frame } from '../camera/frame.js';
import type { ModelSession } from '../inference/model-session.js';
import { overlap, type Box, type Detection } from './face.js';
import { resample } from './resample.js';

/** Finds faces in a frame, the surest first. */
export type Detector = (frame: Frame) => Promise<Detection[]>;

export interface DetectorSettings {
  /** Detections with a score at or below this are dropped; 0..1. */
  readonly minScore: number;
  /** Of two detections that overlap by more than this (IoU, 0..1) only the surer one is kept. */
  readonly maxOverlap: number;
}

// The values that models.md measured: of 617 photographs two faces were missed.
export const detectorDefaults: DetectorSettings = { minScore: 0.65, maxOverlap: 0.4 };

/**
 * UltraFace RFB-320 (github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB): boxes come decoded, as corners in
 * 0..1 of the 320x240 input. The frame is fitted into the input's top left corner, keeping its aspect.
 */
export function createDetector(session: ModelSession, settings = detectorDefaults): Detector {
  const [, , height, width] = session.entry.input.shape;
  const tensor = new Float32Array(3 * width * height);
  // What the network reads as mid grey.
  const padding = 0;

  return async (frame) => {
    const scale = Math.min(width / frame.widthPx, height / frame.heightPx);
    const area = { width: Math.round(frame.widthPx * scale), height: Math.round(frame.heightPx * scale) };
    if (area.width < width || area.height < height) tensor.fill(padding);
    const whole = { left: 0, top: 0, width: frame.widthPx, height: frame.heightPx };
    resample(frame, whole, { data: tensor, planeWidth: width, planeHeight: height, ...area }, session.entry.input);

    const { scores, boxes } = await session.run(tensor);
    const toFrame = { x: (width * frame.widthPx) / area.width, y: (height * frame.heightPx) / area.height };
    return suppressOverlaps(decodeDetections(scores, boxes, toFrame, settings.minScore), settings.maxOverlap);
  };
}

/**
 * The detections above `minScore`.
 *
 * @param scores [n, 2]: background, face
 * @param boxes [n, 4]: left, top, right, bottom in 0..1 of the input
 * @param toFrame pixels of the frame for one whole input, along each axis
 */
export function decodeDetections(
  scores: Float32Array,
  boxes: Float32Array,
  toFrame: { readonly x: number; readonly y: number },
  minScore: number,
): Detection[] {
  const found: Detection[] = [];
  for (let i = 0; i < scores.length / 2; i++) {
    const score = scores[2 * i + 1];
    // Written so that NaN is no detection.
    if (!(score > minScore)) continue;
    const box: Box = {
      left: boxes[4 * i] * toFrame.x,
      top: boxes[4 * i + 1] * toFrame.y,
      width: (boxes[4 * i + 2] - boxes[4 * i]) * toFrame.x,
      height: (boxes[4 * i + 3] - boxes[4 * i + 1]) * toFrame.y,
    };
    if (box.width > 0 && box.height > 0) found.push({ box, score });
  }
  return found;
}

/** Greedy non-maximum suppression, the surest detection first. */
export function suppressOverlaps(detections: readonly Detection[], maxOverlap: number): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of [...detections].sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(candidate.box, other.box) <= maxOverlap)) kept.push(candidate);
  }
  return kept;
}
