import type { Config } from '../config-schema.js';
import type { Camera } from './camera.js';
import { ffmpegArguments, parseInput } from './ffmpeg-input.js';
import type { FfmpegOutput } from './ffmpeg-pictures.js';
import type { FrameCommand } from './frame-process.js';
import { ProcessCamera } from './process-camera.js';
import type { ProcessCameraDependencies, ProcessCameraOptions } from './process-camera.js';
import { redact } from './redact.js';

export type FfmpegCameraConfig = Extract<Config['camera'], { readonly adapter: 'ffmpeg' }>;

type Patience = Pick<ProcessCameraOptions, 'stallMs' | 'frozenMs' | 'reconnectMinMs' | 'reconnectMaxMs'>;

// A network camera may keep a new client waiting for its next key frame, often up to 4 s, after some connecting.
const FIRST_FRAME_MS = 10_000;

/**
 * A V4L2 device, a network camera (RTSP over TCP, MJPEG over HTTP) or a video file, through one long-lived ffmpeg. A video file
 * is played once at its own speed; then the stream ends. Everything else is taken up again for ever.
 * @throws CAMERA_UNAVAILABLE for an input that is none of these
 */
export function ffmpegCamera(config: FfmpegCameraConfig, dependencies: ProcessCameraDependencies, program = 'ffmpeg'): Camera {
  const input = parseInput(config.input);
  const command = {
    program,
    args: ffmpegArguments(input, config),
    source: input.shown,
    redact: (text: string) => redact(text, input.secrets),
  };
  return cameraOf(command, config, dependencies, input.kind === 'file');
}

/** The frames that ffmpeg makes with these arguments. */
export function cameraOf(
  command: Omit<FrameCommand, 'fromPackage' | 'maxPixels'>,
  { fps, widthPx, heightPx, stallMs, frozenMs, reconnectMinMs, reconnectMaxMs }: FfmpegOutput & Patience,
  dependencies: ProcessCameraDependencies,
  finite: boolean,
): Camera {
  // Two frames may be missing before it is silence, however slow the rate.
  const patientMs = Math.max(stallMs, (3 * 1000) / fps);
  return new ProcessCamera(
    {
      command: { ...command, fromPackage: 'ffmpeg', maxPixels: widthPx * heightPx },
      finite,
      stallMs: patientMs,
      frozenMs: finite ? 0 : frozenMs,
      firstFrameMs: Math.max(patientMs, FIRST_FRAME_MS),
      reconnectMinMs,
      reconnectMaxMs,
    },
    dependencies,
  );
}
