import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import type { Camera, CameraListener } from './camera.js';
import { csiCamera } from './csi-camera.js';
import { ffmpegCamera } from './ffmpeg-camera.js';
import { FolderCamera } from './folder-camera.js';
import type { Pace } from './pacer.js';
import { loadSharp } from './picture.js';
import { WebcamCamera } from './webcam-camera.js';
import { nodeWebcamShot } from './webcam-shot.js';

export interface CameraDependencies {
  readonly clock: Clock;
  readonly listener: CameraListener;
  readonly maxPicturePixels: number;
  /** Of a folder; the other cameras cannot wait. `realtime` unless given. */
  readonly pace?: Pace;
}

/**
 * The camera of this configuration, at rest: it starts when it is asked for its frames.
 * @throws CAMERA_UNAVAILABLE for an input or a device that no camera can have
 */
export function openCamera(config: Config['camera'], { clock, listener, maxPicturePixels, pace }: CameraDependencies): Camera {
  switch (config.adapter) {
    case 'folder':
      return new FolderCamera({ ...config, pace: pace ?? 'realtime', maxPicturePixels }, clock, listener);
    case 'ffmpeg':
      return ffmpegCamera(config, { clock, listener });
    case 'rpicam':
    case 'jetson-csi':
      return csiCamera(config, { clock, listener });
    case 'webcam':
      return new WebcamCamera(config, { clock, listener, maxPicturePixels, takeShot: nodeWebcamShot(config) });
  }
}

/** Loads what a camera of this configuration decodes its pictures with, ahead of the first; what is wrong with it, that one tells. */
export function prepareCamera({ adapter }: Config['camera']): void {
  if (adapter === 'folder' || adapter === 'webcam') loadSharp().catch(() => undefined);
}
