import type { Frame } from '../camera/frame.js';
import type { ModelSession } from '../inference/model-session.js';
import { centreOf, type Point } from './face.js';
import { resample } from './resample.js';

/** How open the eyes are, 0 (closed) to 1 (open): the person's own right and left. */
export interface Eyes {
  readonly right: number;
  readonly left: number;
}

/** Looks at the eyes of a face; NaN where the network's answer makes no sense, which is neither open nor closed. */
export type EyeReader = (frame: Frame, landmarks: readonly Point[]) => Promise<Eyes>;

/** Landmarks of the lids, whose mean is the eye's centre, and of its corners. */
const RIGHT = { lids: [37, 38, 40, 41], corners: [36, 39] } as const;
const LEFT = { lids: [43, 44, 46, 47], corners: [42, 45] } as const;
/** Side of the square that the network sees, in distances of the corners. */
const ENLARGEMENT = 1.6;

/** The eye-state network (models/eye-state.md): of its two classes the second is an open eye. */
export function createEyeReader(session: ModelSession): EyeReader {
  const [, , height, width] = session.entry.input.shape;
  const tensor = new Float32Array(width * height);
  const target = { data: tensor, planeWidth: width, planeHeight: height, width, height };
  const outputName = session.entry.outputs[0].name;

  async function openness(
    frame: Frame,
    landmarks: readonly Point[],
    { lids, corners }: typeof RIGHT | typeof LEFT,
  ): Promise<number> {
    const centre = centreOf(lids.map((i) => landmarks[i]));
    const [outer, inner] = corners.map((i) => landmarks[i]);
    const side = ENLARGEMENT * Math.hypot(inner.x - outer.x, inner.y - outer.y);
    resample(
      frame,
      { left: centre.x - side / 2, top: centre.y - side / 2, width: side, height: side },
      target,
      session.entry.input,
    );
    const [closed, open] = (await session.run(tensor))[outputName];
    return 1 / (1 + Math.exp(closed - open));
  }

  return async (frame, landmarks) => {
    const right = await openness(frame, landmarks, RIGHT);
    return { right, left: await openness(frame, landmarks, LEFT) };
  };
}
