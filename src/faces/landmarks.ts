import type { Frame } from '../camera/frame.js';
import type { ModelSession } from '../inference/model-session.js';
import type { Box, Point } from './face.js';
import { resample } from './resample.js';

/** Finds the 68 landmarks of the face in a box, in the frame's pixels. */
export type LandmarkFinder = (frame: Frame, box: Box) => Promise<Point[]>;

/** The network sees a square around the box's centre, as high as the box, and answers in 0..1 of that square. */
export function createLandmarkFinder(session: ModelSession): LandmarkFinder {
  const [, , height, width] = session.entry.input.shape;
  const tensor = new Float32Array(width * height);
  const target = { data: tensor, planeWidth: width, planeHeight: height, width, height };
  const outputName = session.entry.outputs[0].name;

  return async (frame, box) => {
    const square = squareAround(box);
    resample(frame, square, target, session.entry.input);
    const points = (await session.run(tensor))[outputName];
    return Array.from({ length: points.length / 2 }, (_, i) => ({
      x: square.left + points[2 * i] * square.width,
      y: square.top + points[2 * i + 1] * square.height,
    }));
  };
}

/** The square with the box's centre and height. */
export function squareAround({ left, top, width, height }: Box): Box {
  return { left: left + width / 2 - height / 2, top, width: height, height };
}
