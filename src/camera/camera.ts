import type { Frame } from './frame.js';

/**
 * The port to whatever delivers pictures. Adapters: folder-camera.ts, ffmpeg-camera.ts, csi-camera.ts, webcam-camera.ts.
 *
 * The newest frame wins: a frame that nobody took before the next one came is dropped, never queued.
 */
export interface Camera {
  /**
   * The frames from now on, until `stop` or the end of what there is to show. To be iterated once; leaving the loop stops
   * the camera. A device or a network camera starts at once and may be asked ahead, when nobody can look yet; a folder begins with its first
   * picture when it is iterated. A camera that fails recovers by itself and says so through {@link CameraListener}; the stream throws
   * (CAMERA_UNAVAILABLE) only where there is nothing to wait for: a folder without pictures, a video file that cannot be played.
   */
  frames(): AsyncIterable<Frame>;
  /** Ends the stream and frees the device; safe to call twice. */
  stop(): Promise<void>;
}

export interface CameraListener {
  /** No frames come, or one could not be read: once for each outage, and again when its reason changes. */
  onFault(reason: string): void;
  /** The first good frame after a fault. */
  onRecovered(): void;
}
