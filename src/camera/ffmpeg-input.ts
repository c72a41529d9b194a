import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '../errors.js';
import { QUIETLY, pictureArguments } from './ffmpeg-pictures.js';
import type { FfmpegOutput } from './ffmpeg-pictures.js';
import { redact } from './redact.js';

/** Where ffmpeg is to take frames from; made by {@link parseInput} only. */
export interface FfmpegInput {
  readonly kind: 'device' | 'file' | 'rtsp' | 'mjpeg';
  /** What stands after -i. May hold credentials: not for people. */
  readonly address: string;
  /** The address without credentials. */
  readonly shown: string;
  /** User and password, to be taken out of whatever ffmpeg says. */
  readonly secrets: readonly string[];
}

const DEVICE = /^\/dev\/(video\d{1,3}|v4l\/by-(id|path)\/[\w.:+-]+)$/;

/**
 * Takes the configured input apart. ffmpeg opens far more than cameras (concat:, subfile:, pipe:, options where a name is
 * expected); only a V4L2 device, a video file, RTSP and MJPEG over HTTP pass.
 * @throws CAMERA_UNAVAILABLE for anything else
 */
export function parseInput(input: string): FfmpegInput {
  const refuse = (reason: string) => fault('CAMERA_UNAVAILABLE', { source: redact(input), reason });
  if (input === '' || input.startsWith('-')) throw refuse('the name of no camera (it is empty or begins with "-")');
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(input)) throw refuse('a name with control characters');

  if (DEVICE.test(input)) return { kind: 'device', address: input, shown: input, secrets: [] };
  const scheme = /^([a-z][a-z0-9+.,-]*):/i.exec(input)?.[1]?.toLowerCase();
  switch (scheme) {
    case undefined:
      return fileInput(resolve(input), refuse);
    case 'file':
      if (!/^file:\/\/\//i.test(input)) throw refuse('a file URL that cannot be read; expected file:///...');
      return fileInput(fileURLToPath(input), refuse);
    case 'rtsp':
    case 'rtsps':
    case 'http':
    case 'https':
      if (!/^\w+:\/\/[^/]/.test(input) || !URL.canParse(input)) throw refuse('an address that is no URL');
      return networkInput(scheme.startsWith('rtsp') ? 'rtsp' : 'mjpeg', scheme + input.slice(scheme.length));
    default:
      throw refuse(`the protocol "${scheme}"; expected a device, a video file, rtsp://, rtsps://, http:// or https://`);
  }
}

function fileInput(path: string, refuse: (reason: string) => Error): FfmpegInput {
  if (path.startsWith('/dev/')) throw refuse('a device that is no camera; expected /dev/video0 or /dev/v4l/by-id/...');
  // The prefix keeps a name with a colon in it from being taken for a protocol.
  return { kind: 'file', address: `file:${path}`, shown: path, secrets: [] };
}

function networkInput(kind: 'rtsp' | 'mjpeg', address: string): FfmpegInput {
  const { password } = new URL(address);
  const secrets = password === '' ? [] : [password, safelyDecoded(password)];
  return { kind, address, shown: redact(address), secrets };
}

function safelyDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** ffmpeg's arguments: this input as PPM pictures on standard output. */
export function ffmpegArguments(input: FfmpegInput, output: FfmpegOutput): string[] {
  return [...QUIETLY, ...inputArguments(input, output), ...pictureArguments(output, input.kind !== 'file')];
}

/**
 * What each kind of input needs. Not `-fflags nobuffer`: it throws away what was read while the stream was probed, with RTSP
 * the key frame, and MJPEG comes no sooner with it (5 ms from sending to our pipe either way). Not `-timeout`: in ffmpeg 4 it
 * makes an RTSP client listen; the camera notices silence itself.
 */
function inputArguments(input: FfmpegInput, { fps, widthPx, heightPx }: FfmpegOutput): string[] {
  const from = ['-i', input.address];
  switch (input.kind) {
    case 'device':
      // The driver takes the nearest rate and size that the camera has.
      return [
        ...['-flags', 'low_delay', '-f', 'v4l2', '-framerate', String(fps), '-video_size', `${widthPx}x${heightPx}`],
        ...from,
      ];
    case 'file':
      return ['-protocol_whitelist', 'file', '-re', ...from];
    case 'rtsp':
      return [
        ...['-flags', 'low_delay', '-protocol_whitelist', 'tcp,tls'],
        // Without measuring the frame rate first: the first frame of 15 fps H.264 comes after 1.3 s instead of 2.8 s.
        ...['-rtsp_transport', 'tcp', '-allowed_media_types', 'video', '-fpsprobesize', '0'],
        ...from,
      ];
    case 'mjpeg':
      // The demuxer is given by name: what an HTTP server sends must not choose among ffmpeg's parsers.
      return [...['-flags', 'low_delay', '-protocol_whitelist', 'http,https,tcp,tls', '-f', 'mpjpeg'], ...from];
  }
}
