import type { Frame } from '../camera/frame.js';
import type { QualityRejection } from '../events.js';
import type { Box, Face, Point } from './face.js';
import { poseOf, type Pose } from './pose.js';
import { shareOf, spansAlong } from './spans.js';

/** What a display beside the door says to the person. */
export const qualityPrompts: Readonly<Record<QualityRejection, string>> = {
  cut_off: 'Step into the picture',
  too_small: 'Come closer',
  too_dark: 'Too dark: turn towards the light',
  too_bright: 'Too bright: shade your face',
  turned_away: 'Look at the camera',
  blurred: 'Hold still',
};

/** The limits that a face must keep (configuration section `quality`, which says where the defaults come from). */
export interface QualityLimits {
  readonly minFacePx: number;
  readonly minSharpness: number;
  readonly minBrightness: number;
  readonly maxClippedShare: number;
  readonly maxYawDeg: number;
  readonly maxPitchDeg: number;
  readonly maxRollDeg: number;
}

/** What the box of a face tells, before anybody looks for its landmarks. */
export interface BoxQuality {
  /** Height of the detector's box in the frame's pixels. */
  readonly facePx: number;
  /** Share of the box that lies inside the frame, 0..1. */
  readonly insideShare: number;
  /** Fineness of the detail along the worse of the two axes, 0..2; about 1 for a sharp face of any size. */
  readonly sharpness: number;
  /** Mean luma of the face, 0..255. */
  readonly brightness: number;
  /** Share of the face that is burnt out, 0..1. */
  readonly clippedShare: number;
}

/** The pose is NaN where the box was enough to reject the face. */
export interface Quality extends BoxQuality, Pose {
  /** 0..1: the worst of the above, each against its limit (0) and an ideal (1). Stored with a template. */
  readonly score: number;
  readonly rejection?: QualityRejection;
}

/**
 * Side of the grey picture that sharpness is measured in. With 32, faces of 48 to 405 px in the same photograph measure the
 * same to 0.02; a face of 60 px fills it one to one.
 */
const SIZE = 32;
/** Faces have more detail from top to bottom (brows, lids, lips) than across: the median ratio over lfw-10x10 is 1.47. */
const DETAIL_DOWN = 1.4;
/** Luma from which a pixel holds no more detail. */
const BURNT_OUT = 250;
/** A detector's box may overshoot the frame's edge a little although nothing of the face is missing. */
const MIN_INSIDE_SHARE = 0.9;

/**
 * Measures what the box of a face shows, without its landmarks. Costs about 0.1 ms, so that it can run on every candidate frame.
 */
export function assessBox(frame: Frame, box: Box): BoxQuality {
  return { facePx: box.height, insideShare: insideShare(frame, box), ...measureGrey(greyFace(frame, box)) };
}

/** Judges a face before it is encoded. Comparisons are written so that NaN rejects. */
export function assessQuality(frame: Frame, face: Face, limits: QualityLimits): Quality {
  const measured = assessBox(frame, face.box);
  return judgeQuality(measured, face.landmarks, boxRejection(measured, limits), limits);
}

/** Why a face is not worth looking for its landmarks. */
export function boxRejection(m: BoxQuality, limits: QualityLimits): QualityRejection | undefined {
  if (!(m.insideShare >= MIN_INSIDE_SHARE)) return 'cut_off';
  if (!(m.facePx >= limits.minFacePx)) return 'too_small';
  if (!(m.brightness >= limits.minBrightness)) return 'too_dark';
  if (!(m.clippedShare <= limits.maxClippedShare)) return 'too_bright';
  return undefined;
}

const NO_POSE: Pose = { yawDeg: NaN, pitchDeg: NaN, rollDeg: NaN };

/** A face that its box alone rejects. */
export function rejectedByBox(measured: BoxQuality, rejection: QualityRejection): Quality {
  return { ...NO_POSE, ...measured, score: 0, rejection };
}

/** @param rejected what the box alone said */
export function judgeQuality(
  box: BoxQuality,
  landmarks: readonly Point[],
  rejected: QualityRejection | undefined,
  limits: QualityLimits,
): Quality {
  const measured = { ...poseOf(landmarks), ...box };
  const rejection = rejected ?? poseRejection(measured, limits);
  return { ...measured, score: rejection ? 0 : scoreOf(measured, limits), ...(rejection && { rejection }) };
}

type Measured = BoxQuality & Pose;

function poseRejection(m: Measured, limits: QualityLimits): QualityRejection | undefined {
  const facing =
    Math.abs(m.yawDeg) <= limits.maxYawDeg &&
    Math.abs(m.pitchDeg) <= limits.maxPitchDeg &&
    Math.abs(m.rollDeg) <= limits.maxRollDeg;
  if (!facing) return 'turned_away';
  // Behind the pose: a face that is turned away is told that, not to hold still.
  return m.sharpness >= limits.minSharpness ? undefined : 'blurred';
}

/** Twice the least size, detail and light are ideal: beyond that the encoder gains nothing (docs/liveness.md). */
function scoreOf(m: Measured, limits: QualityLimits): number {
  const above = (value: number, least: number) => (value - least) / Math.max(least, Number.MIN_VALUE);
  const below = (value: number, most: number) => 1 - Math.abs(value) / Math.max(most, Number.MIN_VALUE);
  const worst = Math.min(
    above(m.facePx, limits.minFacePx),
    above(m.sharpness, limits.minSharpness),
    above(m.brightness, limits.minBrightness),
    below(m.clippedShare, limits.maxClippedShare),
    below(m.yawDeg, limits.maxYawDeg),
    below(m.pitchDeg, limits.maxPitchDeg),
    below(m.rollDeg, limits.maxRollDeg),
  );
  return Math.max(0, Math.min(1, worst));
}

function insideShare({ widthPx, heightPx }: Frame, { left, top, width, height }: Box): number {
  const across = Math.min(left + width, widthPx) - Math.max(left, 0);
  const down = Math.min(top + height, heightPx) - Math.max(top, 0);
  return (Math.max(0, across) * Math.max(0, down)) / (width * height);
}

/** The inner face (brows to chin, without hair and background) as a small grey picture of SIZE x SIZE. */
function greyFace({ rgb, widthPx, heightPx }: Frame, box: Box): Float32Array {
  const cellWidth = (box.width * 0.7) / SIZE;
  const cellHeight = (box.height * 0.75) / SIZE;
  // Of a large face every n-th pixel will do: the time stays the same for every size.
  const stepX = Math.max(1, Math.floor(cellWidth / 3));
  const stepY = Math.max(1, Math.floor(cellHeight / 3));
  const columns = spansAlong((box.left + box.width * 0.15) / stepX, cellWidth / stepX, SIZE, Math.ceil(widthPx / stepX));
  const rows = spansAlong((box.top + box.height * 0.2) / stepY, cellHeight / stepY, SIZE, Math.ceil(heightPx / stepY));
  const weight = (stepX * stepY) / (cellWidth * cellHeight * 4);
  const grey = new Float32Array(SIZE * SIZE);
  for (let y = 0; y < SIZE; y++) {
    for (let x = 0; x < SIZE; x++) {
      let sum = 0;
      for (let row = rows.first[y]; row <= rows.last[y]; row++) {
        let line = 0;
        for (let column = columns.first[x]; column <= columns.last[x]; column++) {
          const i = (row * stepY * widthPx + column * stepX) * 3;
          // Near enough to luma.
          line += (rgb[i] + 2 * rgb[i + 1] + rgb[i + 2]) * shareOf(columns, x, column);
        }
        sum += line * shareOf(rows, y, row);
      }
      grey[y * SIZE + x] = sum * weight;
    }
  }
  return grey;
}

/**
 * Sharpness is the energy of the second differences against that of the first: blur takes the fine detail away and leaves
 * the coarse, whatever the contrast. Motion blurs along one axis only, hence the worse of the two.
 */
function measureGrey(grey: Float32Array): Pick<Quality, 'sharpness' | 'brightness' | 'clippedShare'> {
  let sum = 0;
  let clipped = 0;
  let fineX = 0;
  let fineY = 0;
  let coarseX = 0;
  let coarseY = 0;
  for (let y = 1; y < SIZE - 1; y++) {
    for (let x = 1; x < SIZE - 1; x++) {
      const i = y * SIZE + x;
      const here = grey[i];
      const left = grey[i - 1];
      const right = grey[i + 1];
      const above = grey[i - SIZE];
      const below = grey[i + SIZE];
      sum += here;
      if (here >= BURNT_OUT) clipped++;
      fineX += (left + right - 2 * here) ** 2;
      fineY += (above + below - 2 * here) ** 2;
      coarseX += (right - left) ** 2;
      coarseY += (below - above) ** 2;
    }
  }
  const count = (SIZE - 2) ** 2;
  return {
    // A face without any difference has no detail at all.
    sharpness: 2 * Math.min(Math.sqrt(fineX / Math.max(coarseX, 1)), Math.sqrt(fineY / Math.max(coarseY, 1)) / DETAIL_DOWN),
    brightness: sum / count,
    clippedShare: clipped / count,
  };
}
