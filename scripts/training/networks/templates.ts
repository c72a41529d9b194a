import type { Alignment } from '../../../src/inference/manifest.js';

/*
 * Where the points of the product's alignment lie in the crops that published encoders were trained on, in 0..1 of the
 * crop. Each is the mean of its landmarks in the authors' mean face of 68 points.
 */
const LEFT_EYE = [37, 38, 40, 41];
const RIGHT_EYE = [43, 44, 46, 47];
const NOSE_TIP = [30];
const LEFT_MOUTH_CORNER = [48, 60];
const RIGHT_MOUTH_CORNER = [54, 64];

/** OpenFace (openface/align_dlib.py): the mean face fills the crop from its leftmost to its rightmost and top to bottom point. */
export const openFaceTemplate: Alignment = {
  points: [
    { landmarks: LEFT_EYE, x: 0.2766, y: 0.1641 },
    { landmarks: RIGHT_EYE, x: 0.7073, y: 0.1558 },
    { landmarks: NOSE_TIP, x: 0.4921, y: 0.4221 },
    { landmarks: LEFT_MOUTH_CORNER, x: 0.3222, y: 0.644 },
    { landmarks: RIGHT_MOUTH_CORNER, x: 0.6802, y: 0.6369 },
  ],
};

/** dlib (image_transforms/interpolation.h, get_face_chip_details): its mean face with a quarter of its size around it. */
export const dlibTemplate: Alignment = {
  points: [
    { landmarks: LEFT_EYE, x: 0.3161, y: 0.308 },
    { landmarks: RIGHT_EYE, x: 0.6707, y: 0.308 },
    { landmarks: NOSE_TIP, x: 0.4934, y: 0.5104 },
    { landmarks: LEFT_MOUTH_CORNER, x: 0.3482, y: 0.6883 },
    { landmarks: RIGHT_MOUTH_CORNER, x: 0.6387, y: 0.6883 },
  ],
};

/** The template in pixels of an input of this size, as the model manifest has it. */
export function scaleTemplate({ points }: Alignment, inputPx: number): Alignment {
  return { points: points.map(({ landmarks, x, y }) => ({ landmarks, x: x * inputPx, y: y * inputPx })) };
}
