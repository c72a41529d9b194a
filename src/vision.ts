import type { Frame } from './camera/frame.js';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { createDetector } from './faces/detector.js';
import type { Detection, Face } from './faces/face.js';
import { createLandmarkFinder } from './faces/landmarks.js';
import type { Embedding } from './identity/embedding.js';
import { createEncoder } from './identity/encoder.js';
import { createQueue } from './in-turn.js';
import { defaultModelsFolder, type ModelEntry } from './inference/manifest.js';
import { openModel, type InferenceLog, type ModelSession } from './inference/model-session.js';

/** A face and what the encoder made of it; no embedding means that the face is to be treated as unknown. */
export interface Observation {
  readonly face: Face;
  readonly embedding?: Embedding;
}

/** How long the stages of a frame took. */
export interface StageTimes {
  detectMs: number;
  landmarksMs: number;
  encodeMs: number;
}

/**
 * The way from a frame to embeddings: detector, landmarks, alignment, encoder. The daemon and the command line both go it, so
 * that what `facelatch identify` says is what the door will do.
 *
 * Calls wait for each other, whoever makes them: the stages reuse their tensors.
 */
export interface Vision {
  detect(frame: Frame): Promise<Detection[]>;
  /** Landmarks and embedding of one detection. */
  observe(frame: Frame, detection: Detection): Promise<Observation>;
  /** What the last `detect` and the `observe` calls since took. */
  readonly times: Readonly<StageTimes>;
  readonly sessions: readonly ModelSession[];
  readonly encoder: ModelEntry;
  /** Safe to call twice. */
  release(): Promise<void>;
}

/** The models of the path that are not chosen in the configuration. */
const DETECTOR = 'ultraface-rfb-320';
const LANDMARKS = 'landmarks-68';

/** The models that a configuration puts on the way. */
export function modelIdsOf({ encoder }: Config['inference']): readonly [string, string, string] {
  return [DETECTOR, LANDMARKS, encoder];
}

/** @throws FacelatchError MODEL_MISSING, MODEL_MISMATCH, MODEL_UNKNOWN, MANIFEST_INVALID, PROVIDER_UNAVAILABLE */
export async function openVision(config: Config['inference'], clock: Clock, log: InferenceLog): Promise<Vision> {
  const settings = { ...config, modelsFolder: config.modelsFolder ?? defaultModelsFolder() };
  const sessions = await Promise.all(modelIdsOf(config).map((id) => openModel(id, settings, log)));
  const [detectorSession, landmarksSession, encoderSession] = sessions;
  const detector = createDetector(detectorSession);
  const landmarkFinder = createLandmarkFinder(landmarksSession);
  const encoder = createEncoder(encoderSession);
  const inTurn = createQueue();
  const times: StageTimes = { detectMs: 0, landmarksMs: 0, encodeMs: 0 };

  return {
    times,
    sessions,
    encoder: encoderSession.entry,
    detect: (frame) =>
      inTurn(async () => {
        const start = clock.monotonicMs();
        const detections = await detector(frame);
        Object.assign(times, { detectMs: clock.monotonicMs() - start, landmarksMs: 0, encodeMs: 0 });
        return detections;
      }),
    observe: (frame, detection) =>
      inTurn(async () => {
        const start = clock.monotonicMs();
        const landmarks = await landmarkFinder(frame, detection.box);
        const located = clock.monotonicMs();
        const embedding = await encoder(frame, landmarks);
        times.landmarksMs += located - start;
        times.encodeMs += clock.monotonicMs() - located;
        const face = { ...detection, landmarks };
        return embedding ? { face, embedding } : { face };
      }),
    release: () =>
      inTurn(async () => {
        await Promise.all(sessions.map((session) => session.release()));
      }),
  };
}
