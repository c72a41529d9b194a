import type { Feeder } from './frame-process.js';

/** What the camera is to deliver: frames of exactly this size, `widthPx` a multiple of 64. */
export interface CsiOutput {
  /** Which of several cameras. */
  readonly index: number;
  readonly fps: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** How the sensor is read: for rpicam-vid its size, for nvarguscamerasrc a number. The vendor's choice unless given. */
  readonly sensorMode?: string | number | undefined;
}

/** A program that writes the raw frames of a board's own camera, and what they are. */
export interface CsiSource extends Feeder {
  /** ffmpeg's name for them. */
  readonly pixelFormat: 'yuvj420p' | 'yuv420p';
  /** What people call the camera. */
  readonly shown: string;
}

// The exposure may last as long as a frame does: below this a walking visitor is blurred. What is too many, ffmpeg leaves out.
const LEAST_FPS = 10;

/**
 * Raspberry Pi: rpicam-vid of rpicam-apps. Frames without compression, because a JPEG shows its end only by the next one's
 * beginning, a whole period later. For yuv420 it chooses the colours of JPEG (full range). SIGINT is what it ends in order for.
 */
export function rpicamSource({ index, fps, widthPx, heightPx, sensorMode }: CsiOutput): CsiSource {
  return {
    program: 'rpicam-vid',
    args: [
      ...['--camera', String(index), '--timeout', '0', '--nopreview', '--verbose', '0'],
      ...['--width', String(widthPx), '--height', String(heightPx), '--framerate', String(Math.max(fps, LEAST_FPS))],
      ...(sensorMode === undefined ? [] : ['--mode', String(sensorMode)]),
      ...['--codec', 'yuv420', '--flush', '--output', '-'],
    ],
    fromPackage: 'rpicam-apps',
    outputDescriptor: 1,
    endSignal: 'SIGINT',
    pixelFormat: 'yuvj420p',
    shown: `rpicam:${index}`,
  };
}

/**
 * Jetson: GStreamer's nvarguscamerasrc. NVIDIA's libraries print to standard output, hence descriptor 3. The sensor keeps its own
 * rate, of which not every one is to be had; the queue holds one frame and drops the older.
 */
export function argusSource({ index, widthPx, heightPx, sensorMode }: CsiOutput): CsiSource {
  const elements = [
    ['nvarguscamerasrc', `sensor-id=${index}`, ...(sensorMode === undefined ? [] : [`sensor-mode=${sensorMode}`])],
    ['video/x-raw(memory:NVMM),format=NV12'],
    ['queue', 'max-size-buffers=1', 'leaky=downstream'],
    ['nvvidconv'],
    [`video/x-raw,format=I420,width=${widthPx},height=${heightPx}`],
    ['fdsink', 'fd=3', 'sync=false'],
  ];
  return {
    program: 'gst-launch-1.0',
    args: ['-q', ...elements.flatMap((element, i) => (i === 0 ? element : ['!', ...element]))],
    fromPackage: 'gstreamer1.0-tools nvidia-l4t-gstreamer',
    outputDescriptor: 3,
    endSignal: 'SIGINT',
    pixelFormat: 'yuv420p',
    shown: `jetson-csi:${index}`,
  };
}
