import type { Frame } from './camera/frame.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { carryFace } from './faces/carry.js';
import { createDetector } from './faces/detector.js';
import { createEyeReader } from './faces/eyes.js';
import type { Box, Detection, Face, Point } from './faces/face.js';
import { createLandmarkFinder } from './faces/landmarks.js';
import { createLivenessScorer } from './faces/liveness.js';
import { movementOf, type Movement } from './faces/movement.js';
import { assessBox, boxRejection, judgeQuality, rejectedByBox, type Quality } from './faces/quality.js';
import type { Embedding } from './identity/embedding.js';
import { createEncoder } from './identity/encoder.js';
import { createQueue } from './in-turn.js';
import { defaultModelsFolder, type ModelEntry } from './inference/manifest.js';
import { openModel, type InferenceLog, type ModelSession } from './inference/model-session.js';
import { defaultTunedFolder } from './inference/tuning/tuned-models.js';

/** A face and what the models made of it. */
export interface Observation {
  /** Without landmarks where the box alone was enough to reject it. */
  readonly face: Face;
  /** With a `rejection` the face was not worth encoding. */
  readonly quality: Quality;
  /** Absent for a rejected face, and where the encoder's answer made no sense: the face is to be treated as unknown. */
  readonly embedding?: Embedding;
  /** 0..1; absent for a rejected face, where passive liveness is off, and of a face that was decided on. */
  readonly liveness?: number;
  /** Absent for a rejected face, where no challenge is configured, and of a face that was decided on. */
  readonly movement?: Movement;
}

/** How long the stages of a frame took. */
export interface StageTimes {
  detectMs: number;
  landmarksMs: number;
  qualityMs: number;
  livenessMs: number;
  encodeMs: number;
}

const noTimes: StageTimes = { detectMs: 0, landmarksMs: 0, qualityMs: 0, livenessMs: 0, encodeMs: 0 };

/**
 * The way from a frame to embeddings: detector, quality, landmarks, liveness, encoder, the cheap before the dear. The daemon and
 * the command line both go it, so that what `facelatch identify` says is what the door will do.
 *
 * Calls wait for each other, whoever makes them: the stages reuse their tensors.
 */
export interface Vision {
  detect(frame: Frame): Promise<Detection[]>;
  /** Quality and landmarks of one detection; liveness and embedding of one that is good enough. */
  observe(frame: Frame, detection: Detection): Promise<Observation>;
  /**
   * The same of a face in the next frame without asking the detector: the landmarks that are found where the face was say where
   * it is. Undefined where they do not. Whether it is the same person only the embedding tells (follower.ts).
   *
   * @param decided the door has decided on this face: whether it lives, and how it moves, is not looked at
   */
  follow(frame: Frame, before: Face, decided: boolean): Promise<Observation | undefined>;
  /** What the last `detect`, and the calls of `observe` and `follow` since, took. */
  readonly times: Readonly<StageTimes>;
  readonly encoder: ModelEntry;
  /** Safe to call twice. */
  release(): Promise<void>;
}

/** In this very thread. */
export interface LocalVision extends Vision {
  readonly sessions: readonly ModelSession[];
  /** Looks at a grey picture as at one with a face: the first time takes three times as long as the following. */
  warmUp(): Promise<void>;
}

/** A frame with nothing in it, of the size that most cameras are set to. */
function greyFrame(): Frame {
  const [widthPx, heightPx] = [640, 480];
  const rgb = new Uint8Array(widthPx * heightPx * 3).fill(128);
  return { widthPx, heightPx, rgb, capturedAtMs: 0, sequence: 0, source: 'nowhere' };
}
const GREY_FACE: Box = { left: 240, top: 140, width: 160, height: 200 };

/** The models of the path that are not chosen in the configuration. */
const DETECTOR = 'ultraface-rfb-320';
const LANDMARKS = 'landmarks-68';

const LIVENESS = 'minifasnet-liveness';
const EYES = 'eye-state';

/** The sections of a configuration that say how to look. */
export type VisionSettings = Pick<Config, 'inference' | 'quality' | 'liveness'>;

/** The models that a configuration puts on the way. */
export function modelIdsOf({ inference, liveness }: VisionSettings): readonly [string, string, string, ...string[]] {
  const { passive, challenge } = liveness;
  return [DETECTOR, LANDMARKS, inference.encoder, ...(passive ? [LIVENESS] : []), ...(challenge === 'never' ? [] : [EYES])];
}

/** With the folders that hold where the configuration names none. */
export function inferenceSettings({ inference }: Pick<Config, 'inference'>) {
  const { modelsFolder = defaultModelsFolder(), tunedFolder = defaultTunedFolder() } = inference;
  return { ...inference, modelsFolder, tunedFolder };
}

/** @throws FacelatchError MODEL_MISSING, MODEL_MISMATCH, MODEL_UNKNOWN, MANIFEST_INVALID, PROVIDER_UNAVAILABLE */
export async function openVision(config: VisionSettings, clock: Clock, log: InferenceLog): Promise<LocalVision> {
  const settings = inferenceSettings(config);
  const sessions = await Promise.all(modelIdsOf(config).map((id) => openModel(id, settings, log)));
  const [detectorSession, landmarksSession, encoderSession] = sessions;
  const livenessSession = sessions.find(({ entry }) => entry.id === LIVENESS);
  const eyesSession = sessions.find(({ entry }) => entry.id === EYES);
  const detector = createDetector(detectorSession);
  const landmarkFinder = createLandmarkFinder(landmarksSession);
  const encoder = createEncoder(encoderSession);
  const inTurn = createQueue();
  const livenessScorer = livenessSession && createLivenessScorer(livenessSession);
  const eyeReader = eyesSession && createEyeReader(eyesSession);
  const times = { ...noTimes };

  async function timed<T>(stage: keyof StageTimes, work: () => T | Promise<T>): Promise<T> {
    const start = clock.monotonicMs();
    const result = await work();
    times[stage] += clock.monotonicMs() - start;
    return result;
  }

  const { enabled: gated, ...limits } = config.quality;

  interface Looking {
    /** The landmarks; asked only when the box is good enough. */
    readonly find: () => Promise<readonly Point[]>;
    readonly decided: boolean;
  }

  async function look(frame: Frame, { box, score }: Detection, { find, decided }: Looking): Promise<Observation> {
    const measured = await timed('qualityMs', () => assessBox(frame, box));
    const rejected = boxRejection(measured, limits);
    if (rejected && gated) return { face: { box, score, landmarks: [] }, quality: rejectedByBox(measured, rejected) };
    const landmarks = await find();
    const face = { box, score, landmarks };
    const { rejection, ...pose } = judgeQuality(measured, landmarks, rejected, limits);
    const quality = { ...pose, ...(rejection && gated && { rejection }) };
    if (quality.rejection) return { face, quality };
    const liveness = decided ? undefined : livenessScorer && (await timed('livenessMs', () => livenessScorer(frame, box)));
    const eyes = decided ? undefined : eyeReader && (await timed('livenessMs', () => eyeReader(frame, landmarks)));
    const embedding = await timed('encodeMs', () => encoder(frame, landmarks));
    return {
      face,
      quality,
      ...(embedding && { embedding }),
      ...(liveness !== undefined && { liveness }),
      ...(eyes && { movement: movementOf(landmarks, quality, eyes) }),
    };
  }

  const landmarksIn = (frame: Frame, box: Box) => timed('landmarksMs', () => landmarkFinder(frame, box));

  return {
    times,
    sessions,
    encoder: encoderSession.entry,
    detect: (frame) =>
      inTurn(() => {
        Object.assign(times, noTimes);
        return timed('detectMs', () => detector(frame));
      }),
    observe: (frame, detection) =>
      inTurn(() => look(frame, detection, { find: () => landmarksIn(frame, detection.box), decided: false })),
    follow: (frame, before, decided) =>
      inTurn(async () => {
        const face = await carryFace(frame, before, landmarksIn);
        return face && look(frame, face, { find: () => Promise.resolve(face.landmarks), decided });
      }),
    warmUp: () =>
      inTurn(async () => {
        const frame = greyFrame();
        await detector(frame);
        const landmarks = await landmarkFinder(frame, GREY_FACE);
        await livenessScorer?.(frame, GREY_FACE);
        await eyeReader?.(frame, landmarks);
        await encoder(frame, landmarks);
      }),
    release: () =>
      inTurn(async () => {
        await Promise.all(sessions.map((session) => session.release()));
      }),
  };
}
