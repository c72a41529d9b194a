import { fault } from '../errors.js';

/** Takes one picture into `file`, a JPEG. Rejects where there is none. */
export type TakeShot = (file: string) => Promise<void>;

export interface ShotOptions {
  readonly device: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

// Opening the device, exposing and writing take 1 to 2 s. node-webcam neither limits the time nor hands out the process, so
// coreutils' timeout ends a camera that hangs.
const PROGRAM = 'timeout -s KILL 8 fswebcam';
const DEVICE = /^\/dev\/video\d{1,3}$/;
// No character that a shell knows, and none that would end the word.
const SHELL_SAFE_PATH = /^\/[\w./-]+$/;

/**
 * Shots by node-webcam, that is by one `fswebcam` process each. node-webcam joins its options, unquoted, into a line for the
 * shell, so everything that goes in is checked here once more, whatever the configuration has checked.
 * @throws CAMERA_UNAVAILABLE for a device name, a size or (in the returned promise) a file name that a shell could misread
 */
export function nodeWebcamShot({ device, widthPx, heightPx }: ShotOptions): TakeShot {
  const refuse = (reason: string) => fault('CAMERA_UNAVAILABLE', { source: device, reason });
  if (!DEVICE.test(device)) throw refuse('a device name that is not like /dev/video0');
  if (!Number.isInteger(widthPx) || !Number.isInteger(heightPx)) throw refuse('a size that is not in whole pixels');

  return async (file) => {
    if (!SHELL_SAFE_PATH.test(file)) throw refuse(`a temporary file whose name a shell could misread (${file})`);
    // Not before it is needed: most doors have another camera, and wait for 20 ms less when they start.
    const { default: nodeWebcam } = await import('node-webcam');
    const webcam = nodeWebcam.create({
      ...{ device, width: widthPx, height: heightPx, output: 'jpeg', quality: 95 },
      // Not into memory: node-webcam 0.8 then hands out what the program wrote to stderr. Not saved: that list only grows.
      ...{ callbackReturn: 'location', saveShots: false },
    });
    webcam.bin = PROGRAM;
    await new Promise<void>((resolve, reject) => {
      webcam.capture(file, (error) => {
        if (error === null) resolve();
        else reject(refuse(describe(error)));
      });
    });
  };
}

/** What `exec` makes of a failure: "Command failed: " and the whole line, then what the program said. */
function describe(error: Error & { readonly code?: number }): string {
  if (error.code === 127) return 'the program "fswebcam" is not installed (apt-get install fswebcam)';
  if (error.code === 137) return 'no picture within 8 s';
  const said = error.message.split('\n').slice(1).join(' ').trim();
  return `fswebcam failed: ${(said === '' ? error.message : said).slice(0, 300)}`;
}
