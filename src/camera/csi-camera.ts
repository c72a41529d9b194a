import type { Config } from '../config-schema.js';
import type { Camera } from './camera.js';
import { argusSource, rpicamSource } from './csi-source.js';
import { cameraOf } from './ffmpeg-camera.js';
import { QUIETLY, pictureArguments } from './ffmpeg-pictures.js';
import type { ProcessCameraDependencies } from './process-camera.js';

export type CsiCameraConfig = Extract<Config['camera'], { readonly adapter: 'rpicam' | 'jetson-csi' }>;

/**
 * The camera on a board's own connector: the vendor's program makes raw frames and feeds ffmpeg, which thins, turns and cuts them as
 * it does those of every other camera. Taken up again for ever.
 * @param programs where tests keep stand-ins; found on the path otherwise
 */
export function csiCamera(
  config: CsiCameraConfig,
  dependencies: ProcessCameraDependencies,
  programs: { readonly feeder?: string; readonly ffmpeg?: string } = {},
): Camera {
  const source = config.adapter === 'rpicam' ? rpicamSource(config) : argusSource(config);
  const raw = ['-f', 'rawvideo', '-pixel_format', source.pixelFormat, '-video_size', `${config.widthPx}x${config.heightPx}`];
  const command = {
    program: programs.ffmpeg ?? 'ffmpeg',
    args: [...QUIETLY, ...raw, '-i', 'pipe:0', ...pictureArguments(config, true)],
    feeder: { ...source, program: programs.feeder ?? source.program },
    source: source.shown,
    redact: String,
  };
  return cameraOf(command, config, dependencies, false);
}
