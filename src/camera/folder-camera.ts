import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { fault, reasonOf } from '../errors.js';
import type { Camera, CameraListener } from './camera.js';
import type { Frame } from './frame.js';
import { NewestFrame } from './newest-frame.js';
import { Outage } from './outage.js';
import { Pacer } from './pacer.js';
import type { Pace } from './pacer.js';
import { readPicture } from './picture.js';
import type { Picture } from './picture.js';

export interface FolderCameraOptions {
  readonly path: string;
  readonly fps: number;
  /** Begin again after the last picture, or end. */
  readonly loop: boolean;
  /** realtime unless given. */
  readonly pace?: Pace;
  readonly maxPicturePixels: number;
}

const PICTURE_NAME = /^[^.].*\.(jpe?g|png|webp|tiff?)$/i;
// A fixed locale: the order must not depend on the machine's.
const byNumberAndName = new Intl.Collator('en', { numeric: true });

/**
 * A directory of pictures as a camera, in the order of their names (2.jpg before 10.jpg). Frames carry the time at which they
 * were shown. A picture that cannot be decoded is reported once and passed over from then on.
 */
export class FolderCamera implements Camera {
  readonly #options: FolderCameraOptions;
  readonly #clock: Clock;
  readonly #outage: Outage;
  readonly #stopping = new AbortController();
  readonly #newest = new NewestFrame();
  #playing: Promise<void> | undefined;
  #begun = false;

  constructor(options: FolderCameraOptions, clock: Clock, listener: CameraListener) {
    this.#options = options;
    this.#clock = clock;
    this.#outage = new Outage(listener);
  }

  /** @throws CAMERA_UNAVAILABLE (the iteration) where the directory holds no picture, or none that can be decoded */
  async *frames(): AsyncGenerator<Frame, void, void> {
    if (this.#begun) return;
    this.#begun = true;
    try {
      if (this.#options.pace === 'every-frame') {
        yield* this.#play();
      } else {
        this.#playing = this.#newest.fill(this.#play());
        yield* this.#newest;
      }
    } finally {
      await this.stop();
    }
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#newest.abandon();
    await this.#playing;
  }

  /** The pictures one after the other, none before its time. */
  async *#play(): AsyncGenerator<Frame, void, void> {
    const { loop, fps, pace } = this.#options;
    const names = await this.#list();
    const pacer = new Pacer(this.#clock, fps, pace ?? 'realtime', this.#stopping.signal);
    let sequence = 0;
    let index = 0;
    while (loop || index < names.length) {
      const passedOver = await pacer.next();
      sequence += passedOver + 1;
      index += passedOver;
      if (this.#stopping.signal.aborted || (index >= names.length && !loop)) return;
      index %= names.length;

      const source = names[index] ?? '';
      const capturedAtMs = this.#clock.monotonicMs();
      const picture = await this.#read(source);
      if (picture === undefined) {
        names.splice(index, 1);
        if (names.length === 0) throw this.#unavailable('no picture that can be decoded');
        continue;
      }
      index++;
      this.#outage.end();
      yield { ...picture, capturedAtMs, sequence, source };
    }
  }

  async #list(): Promise<string[]> {
    const { path } = this.#options;
    const names = await readdir(path).catch((thrown: unknown) => {
      throw this.#unavailable(reasonOf(thrown), thrown);
    });
    const pictures = names.filter((name) => PICTURE_NAME.test(name));
    if (pictures.length === 0) throw this.#unavailable('no JPEG, PNG, WebP or TIFF file in this directory');
    // The second order settles names that the first holds for equal (1.jpg and 01.jpg).
    return pictures.sort((a, b) => byNumberAndName.compare(a, b) || (a < b ? -1 : 1));
  }

  async #read(name: string): Promise<Picture | undefined> {
    try {
      return await readPicture(join(this.#options.path, name), { maxPixels: this.#options.maxPicturePixels });
    } catch (thrown) {
      this.#outage.begin(reasonOf(thrown));
      return undefined;
    }
  }

  #unavailable(reason: string, cause?: unknown) {
    return fault('CAMERA_UNAVAILABLE', { source: this.#options.path, reason }, cause);
  }
}
