import type { Frame } from '../camera/frame.js';
import { centreOf, overlap, type Box, type Face, type Point } from './face.js';
import type { LandmarkFinder } from './landmarks.js';

/**
 * The landmarks have settled when the box that they give is the one that they were looked for in (IoU). Measured on jittered
 * photographs of lfw-10x10: below, the embedding may be that of a crooked crop.
 */
const SETTLED = 0.95;
/** A face that stands still needs one look, one that went half its width three. */
const MOST_LOOKS = 3;

/**
 * Looks for a face where it was in the frame before, and where its landmarks then point to.
 *
 * @returns undefined where they come to no rest: the detector has to look
 */
export async function carryFace(frame: Frame, before: Face, find: LandmarkFinder): Promise<Face | undefined> {
  let { box } = before;
  for (let looks = 0; looks < MOST_LOOKS; looks++) {
    const landmarks = await find(frame, box);
    const carried = carriedBox(before.box, before.landmarks, landmarks);
    // Written so that NaN does not settle.
    if (overlap(box, carried) >= SETTLED) return { box: carried, score: before.score, landmarks };
    box = carried;
  }
  return undefined;
}

/**
 * The box of a face whose landmarks were and are these: it goes with them and grows with their spread, so that it lies about them as
 * the detector drew it. NaN in, NaN out.
 */
export function carriedBox(box: Box, before: readonly Point[], now: readonly Point[]): Box {
  const from = centreOf(before);
  const to = centreOf(now);
  const scale = spread(now, to) / spread(before, from);
  return {
    left: to.x + (box.left - from.x) * scale,
    top: to.y + (box.top - from.y) * scale,
    width: box.width * scale,
    height: box.height * scale,
  };
}

/** Root of the mean square distance from the centre. */
function spread(points: readonly Point[], centre: Point): number {
  const sum = points.reduce((total, { x, y }) => total + (x - centre.x) ** 2 + (y - centre.y) ** 2, 0);
  return Math.sqrt(sum / points.length);
}
