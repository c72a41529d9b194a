import type { ModelEntry } from '../inference/manifest.js';

/**
 * The FaceNet scale: distances on which 0.7 is the boundary between one person and two, whatever the encoder.
 *
 * FaceNet (Schroff, Kalenichenko, Philbin 2015) put it there for its own embeddings; another encoder's raw distances lie
 * elsewhere, so each is calibrated by the raw distance at its operating point (models/manifest.json).
 */
export const FACENET_THRESHOLD = 0.7;

/** L2 distance of two unit vectors of one length, 0..2, from their dot product. */
export function distanceOfDot(dot: number): number {
  return Math.sqrt(Math.max(0, 2 - 2 * dot));
}

/** The dot product, with four accumulators so that additions need not wait for each other. */
export function dotProduct(a: Float32Array, b: Float32Array, bOffset = 0): number {
  const length = a.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < length; i += 4) {
    s0 += a[i] * b[bOffset + i];
    s1 += a[i + 1] * b[bOffset + i + 1];
    s2 += a[i + 2] * b[bOffset + i + 2];
    s3 += a[i + 3] * b[bOffset + i + 3];
  }
  for (; i < length; i++) s0 += a[i] * b[bOffset + i];
  return s0 + s1 + (s2 + s3);
}

/**
 * @param rawDistance L2 distance of two unit vectors, 0..2
 * @param rawThreshold the encoder's raw distance at its operating point
 * @returns the distance on the FaceNet scale
 */
export function toFaceNetScale(rawDistance: number, rawThreshold: number): number {
  return (rawDistance * FACENET_THRESHOLD) / rawThreshold;
}

/** The raw distance of an encoder that stands for 0.7, from its manifest entry. */
export function rawThresholdOf({ id, calibration }: ModelEntry): number {
  if (!calibration) throw new TypeError(`${id} is no encoder: its manifest entry has no calibration`);
  const { rawDistance, faceNetDistance } = calibration.operatingPoint;
  return (rawDistance * FACENET_THRESHOLD) / faceNetDistance;
}

/** 0..1 for people to read: a sigmoid of the distance that is 0.5 at the threshold and 0.99 at half of it. */
export function similarity(distance: number, threshold = FACENET_THRESHOLD): number {
  const steepness = Math.log(99) / (threshold / 2);
  return 1 / (1 + Math.exp(steepness * (distance - threshold)));
}
