import { overlap, type Box } from '../faces/face.js';
import { distanceOfDot, dotProduct, toFaceNetScale } from '../identity/distance.js';
import type { Embedding } from '../identity/embedding.js';

/** What following needs to know of a face in one frame. */
export interface Sighting {
  readonly box: Box;
  /** Absent when the face was not good enough to be encoded: it is followed all the same, but it does not vote. */
  readonly embedding?: Embedding;
}

/** A face as it was last seen. */
export interface Track {
  readonly id: number;
  readonly box: Box;
  readonly embedding?: Embedding;
  readonly seenAtMs: number;
}

export interface TrackingLimits {
  /** Boxes that overlap less than this (IoU, 0..1) need their embeddings to tell that they are one face. */
  readonly minOverlap: number;
  /** L2 distance of two embeddings of one track from frame to frame, on the FaceNet scale: above it, another face took the place. */
  readonly maxStepDistance: number;
  /** The encoder's raw distance that stands for 0.7. */
  readonly rawThreshold: number;
}

/**
 * Which track each sighting continues; undefined for a face that is new.
 *
 * Overlap alone would let two people who pass each other exchange their tracks, so a sighting whose embedding is far from
 * the track's never continues it, however well the boxes agree. A jump without overlap is followed when the embeddings agree
 * and the face went no further than its own width, or than somebody walks while they are hidden behind another. The best pairs
 * are taken first; every track and sighting is used once.
 */
export function associate(
  tracks: readonly Track[],
  sightings: readonly Sighting[],
  limits: TrackingLimits,
  atMs: number,
): (Track | undefined)[] {
  const pairs = sightings
    .flatMap((sighting, index) => tracks.map((track) => ({ track, index, score: pairScore(track, sighting, limits, atMs) })))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  const result = new Array<Track | undefined>(sightings.length).fill(undefined);
  const taken = new Set<Track>();
  for (const { track, index } of pairs) {
    if (result[index] || taken.has(track)) continue;
    result[index] = track;
    taken.add(track);
  }
  return result;
}

/** A face is some 15 cm wide and walks at 1 m/s or so. */
const MS_PER_WIDTH = 150;

/** 0 for a pair that cannot be one face, more for a better one. */
function pairScore(track: Track, sighting: Sighting, limits: TrackingLimits, atMs: number): number {
  const shared = overlap(track.box, sighting.box);
  const step =
    track.embedding && sighting.embedding && track.embedding.encoder === sighting.embedding.encoder
      ? toFaceNetScale(distanceOfDot(dotProduct(track.embedding.vector, sighting.embedding.vector)), limits.rawThreshold)
      : undefined;
  if (step !== undefined) {
    if (!(step <= limits.maxStepDistance)) return 0;
    const reach = Math.max(1, (atMs - track.seenAtMs) / MS_PER_WIDTH);
    if (shared >= limits.minOverlap || centreStep(track.box, sighting.box) <= reach)
      return shared + 1 - step / limits.maxStepDistance;
    return 0;
  }
  return shared >= limits.minOverlap ? shared : 0;
}

/** How far the centre went, in widths of the larger box. */
function centreStep(a: Box, b: Box): number {
  const dx = a.left + a.width / 2 - b.left - b.width / 2;
  const dy = a.top + a.height / 2 - b.top - b.height / 2;
  return Math.hypot(dx, dy) / Math.max(a.width, b.width);
}
