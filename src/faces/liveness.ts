import type { Frame } from '../camera/frame.js';
import type { ModelSession } from '../inference/model-session.js';
import type { Box } from './face.js';
import { resample } from './resample.js';

/** How alive the face in a box looks, 0 (a print, a screen, an answer that makes no sense) to 1 (a person). */
export type LivenessScorer = (frame: Frame, box: Box) => Promise<number>;

/**
 * The network judges the surroundings too: a hand, the edge of a print or of a phone.
 *
 * It was trained on 2.7 times the box of a detector that draws boxes tightly around the face. UltraFace's are a third larger
 * and narrower, and 2.7 of theirs mostly meets the frame's edge and is then stretched. Region and shape were chosen by
 * measurement (docs/liveness.md): 99 of 100 photographs of lfw-10x10 score above 0.5, where the enlarged box itself has 73.
 */
const ENLARGEMENT = 1.9;
/** Width over height of what the network sees, whatever the shape of the box. */
const ASPECT = 0.9;

/** MiniFASNet (github.com/minivision-ai/Silent-Face-Anti-Spoofing): three classes, of which the first is a live person. */
export function createLivenessScorer(session: ModelSession): LivenessScorer {
  const [, , height, width] = session.entry.input.shape;
  const tensor = new Float32Array(3 * width * height);
  const target = { data: tensor, planeWidth: width, planeHeight: height, width, height };
  const outputName = session.entry.outputs[0].name;

  return async (frame, box) => {
    resample(frame, surroundings(box, frame), target, session.entry.input);
    return softmaxOfFirst((await session.run(tensor))[outputName]);
  };
}

/**
 * The region around a face that the network sees: the box enlarged about its centre, but no more than the frame allows, and
 * shifted into the frame, as in the network's training, where nothing was ever padded.
 */
export function surroundings(box: Box, frame: Pick<Frame, 'widthPx' | 'heightPx'>): Box {
  const side = Math.sqrt(box.width * box.height);
  const across = side * Math.sqrt(ASPECT);
  const down = side / Math.sqrt(ASPECT);
  const scale = Math.min(ENLARGEMENT, frame.widthPx / across, frame.heightPx / down);
  const width = across * scale;
  const height = down * scale;
  const within = (start: number, length: number, limit: number) => Math.max(0, Math.min(limit - length, start));
  return {
    left: within(box.left + (box.width - width) / 2, width, frame.widthPx),
    top: within(box.top + (box.height - height) / 2, height, frame.heightPx),
    width,
    height,
  };
}

/** The first of the probabilities that these logits stand for; 0 where they stand for nothing. */
export function softmaxOfFirst(logits: Float32Array): number {
  const most = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const share = powers[0] / powers.reduce((sum, power) => sum + power, 0);
  return share >= 0 ? share : 0;
}
