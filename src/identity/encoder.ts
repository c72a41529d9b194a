import type { Frame } from '../camera/frame.js';
import { anchorPoints, fitSimilarity, invert, warp } from '../faces/alignment.js';
import type { Point } from '../faces/face.js';
import type { ModelSession } from '../inference/model-session.js';
import { unitVector, type Embedding } from './embedding.js';

/** Turns the face with these 68 landmarks into an embedding; undefined when the network gave no usable vector. */
export type Encoder = (frame: Frame, landmarks: readonly Point[]) => Promise<Embedding | undefined>;

/** @param session a model of the role `encoder`, whose manifest entry has an alignment */
export function createEncoder(session: ModelSession): Encoder {
  const { entry } = session;
  const { alignment } = entry;
  if (!alignment) throw new TypeError(`${entry.id} is no encoder: its manifest entry has no alignment`);
  const [, , , size] = entry.input.shape;
  const tensor = new Float32Array(3 * size * size);
  const outputName = entry.outputs[0].name;

  return async (frame, landmarks) => {
    const toTemplate = fitSimilarity(anchorPoints(landmarks, alignment), alignment.points);
    warp(frame, invert(toTemplate), tensor, size, entry.input);
    const vector = unitVector((await session.run(tensor))[outputName]);
    return vector && { vector, encoder: entry.id };
  };
}
