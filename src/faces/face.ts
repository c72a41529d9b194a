/** A position in a frame, in pixels from its top left corner; fractions are meaningful. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** The mean of some points; no number for none. */
export function centreOf(points: readonly Point[]): Point {
  const sum = points.reduce((total, { x, y }) => ({ x: total.x + x, y: total.y + y }), { x: 0, y: 0 });
  return { x: sum.x / points.length, y: sum.y / points.length };
}

/** A rectangle in a frame, in pixels. May reach outside the frame. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where a detector saw a face, and how sure it was (0..1). */
export interface Detection {
  readonly box: Box;
  readonly score: number;
}

/** A face with its 68 landmarks in the order of the iBUG 300-W annotation (jaw 0-16, brows, nose 27-35, eyes 36-47, mouth). */
export interface Face extends Detection {
  readonly landmarks: readonly Point[];
}

/** Intersection over union of two boxes, 0..1. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  return shared / (a.width * a.height + b.width * b.height - shared);
}

/** The face that takes up most of the picture: the person who stands before the door. */
export function largestFace<F extends Detection>(faces: readonly F[]): F | undefined {
  return faces.reduce<F | undefined>((largest, face) => (largest && area(largest) >= area(face) ? largest : face), undefined);
}

const area = (face: Detection) => face.box.width * face.box.height;
