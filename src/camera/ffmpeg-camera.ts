import type { Config } from '../config-schema.js';
import type { Camera } from './camera.js';
import { ffmpegArguments, parseInput } from './ffmpeg-input.js';
import { ProcessCamera } from './process-camera.js';
import type { ProcessCameraDependencies } from './process-camera.js';
import { redact } from './redact.js';

export type FfmpegCameraConfig = Extract<Config['camera'], { readonly adapter: 'ffmpeg' }>;

// A network camera may keep a new client waiting for its next key frame, often up to 4 s, after some connecting.
const FIRST_FRAME_MS = 10_000;

/**
 * A V4L2 device, a network camera (RTSP over TCP, MJPEG over HTTP) or a video file, through one long-lived ffmpeg. A video file
 * is played once at its own speed; then the stream ends. Everything else is taken up again for ever.
 * @throws CAMERA_UNAVAILABLE for an input that is none of these
 */
export function ffmpegCamera(config: FfmpegCameraConfig, dependencies: ProcessCameraDependencies, program = 'ffmpeg'): Camera {
  const input = parseInput(config.input);
  const { fps, widthPx, heightPx, rotateDeg, mirror, region, frozenMs, reconnectMinMs, reconnectMaxMs } = config;
  // Two frames may be missing before it is silence, however slow the rate.
  const stallMs = Math.max(config.stallMs, (3 * 1000) / fps);
  return new ProcessCamera(
    {
      command: {
        program,
        args: ffmpegArguments(input, { fps, widthPx, heightPx, rotateDeg, mirror, region }),
        fromPackage: 'ffmpeg',
        source: input.shown,
        maxPixels: widthPx * heightPx,
        redact: (text) => redact(text, input.secrets),
      },
      finite: input.kind === 'file',
      stallMs,
      frozenMs: input.kind === 'file' ? 0 : frozenMs,
      firstFrameMs: Math.max(stallMs, FIRST_FRAME_MS),
      reconnectMinMs,
      reconnectMaxMs,
    },
    dependencies,
  );
}
