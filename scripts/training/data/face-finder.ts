import { readPicture } from '../../../src/camera/picture.js';
import type { Frame } from '../../../src/camera/frame.js';
import { createDetector } from '../../../src/faces/detector.js';
import { largestFace, type Face } from '../../../src/faces/face.js';
import { createLandmarkFinder } from '../../../src/faces/landmarks.js';
import { configSchema } from '../../../src/config-schema.js';
import { openModel } from '../../../src/inference/model-session.js';
import { reasonOf } from '../../../src/errors.js';
import { modelIdsOf } from '../../../src/vision.js';
import type { Photograph } from '../../../src/identity/calibration/labelled-folder.js';

/** A photograph with the face in it that the door would look at. */
export interface FoundFace {
  readonly photograph: Photograph;
  readonly frame: Frame;
  readonly face: Face;
}

/** Called for a photograph that cannot be used, with the reason. */
export type OnUnusable = (photograph: Photograph, reason: string) => void;

export interface FaceFinder {
  /** The largest face of each photograph, found as the door finds it; one photograph at a time is in memory. */
  find(photographs: readonly Photograph[], onUnusable: OnUnusable): AsyncGenerator<FoundFace>;
  /** Safe to call twice. */
  release(): Promise<void>;
}

const silent = { info: () => undefined, warn: () => undefined };

/** Opens the product's own detector and landmarks, as a door without settings of its own does. Throws as openModel does. */
export async function openFaceFinder(modelsFolder: string): Promise<FaceFinder> {
  const config = configSchema.parse({});
  const { inference, maxPicturePixels } = config;
  const limits = { maxPixels: maxPicturePixels };
  const [detectorId, landmarksId] = modelIdsOf(config);
  const settings = { ...inference, modelsFolder };
  const sessions = await Promise.all([detectorId, landmarksId].map((id) => openModel(id, settings, silent)));
  const detect = createDetector(sessions[0]);
  const findLandmarks = createLandmarkFinder(sessions[1]);

  async function findOne(photograph: Photograph): Promise<FoundFace | string> {
    const picture = await readPicture(photograph.path, limits);
    const frame: Frame = { ...picture, capturedAtMs: 0, sequence: 1, source: photograph.path };
    const detection = largestFace(await detect(frame));
    if (!detection) return 'no face in it';
    return { photograph, frame, face: { ...detection, landmarks: await findLandmarks(frame, detection.box) } };
  }

  return {
    async *find(photographs, onUnusable) {
      for (const photograph of photographs) {
        const found = await findOne(photograph).catch(reasonOf);
        if (typeof found === 'string') onUnusable(photograph, found);
        else yield found;
      }
    },
    async release() {
      await Promise.all(sessions.map((session) => session.release()));
    },
  };
}
