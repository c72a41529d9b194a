import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import { fault, reasonOf } from '../errors.js';
import { backOffMs } from '../back-off.js';
import type { Camera, CameraListener } from './camera.js';
import type { Frame } from './frame.js';
import { NewestFrame, takeFrom } from './newest-frame.js';
import { Outage } from './outage.js';
import { Pacer } from './pacer.js';
import { pause } from './pause.js';
import { readPicture } from './picture.js';
import type { Picture } from './picture.js';
import type { TakeShot } from './webcam-shot.js';

export type WebcamConfig = Extract<Config['camera'], { readonly adapter: 'webcam' }>;

export interface WebcamDependencies {
  readonly clock: Clock;
  readonly listener: CameraListener;
  readonly maxPicturePixels: number;
  readonly takeShot: TakeShot;
  /** 0..1, evenly distributed. */
  readonly random?: () => number;
}

const RETRY = { minMs: 1_000, maxMs: 15_000 };

/**
 * The simplest camera: a shot at a time, each by a process of its own that opens the device anew. For a trial; a door is better
 * served by {@link ffmpegCamera}. The shots pass through a private directory that is gone after `stop`.
 */
export class WebcamCamera implements Camera {
  readonly #config: WebcamConfig;
  readonly #dependencies: WebcamDependencies;
  readonly #outage: Outage;
  readonly #newest = new NewestFrame();
  readonly #stopping = new AbortController();
  #shooting: Promise<void> | undefined;

  constructor(config: WebcamConfig, dependencies: WebcamDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.#outage = new Outage(dependencies.listener);
  }

  /** @throws CAMERA_UNAVAILABLE (the iteration) only where there is no place for temporary files */
  frames(): AsyncIterable<Frame> {
    this.#shooting ??= this.#newest.fill(this.#shoot());
    return takeFrom(this.#newest, this);
  }

  /** Waits for a shot that is under way, 8 s at most. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#newest.abandon();
    await this.#shooting;
  }

  async *#shoot(): AsyncGenerator<Frame, void, void> {
    const { clock, random } = this.#dependencies;
    const { signal } = this.#stopping;
    const { device, fps } = this.#config;
    const folder = await mkdtemp(join(tmpdir(), 'facelatch-webcam-')).catch((thrown: unknown) => {
      throw fault('CAMERA_UNAVAILABLE', { source: device, reason: `no temporary directory: ${reasonOf(thrown)}` }, thrown);
    });
    try {
      const pacer = new Pacer(clock, fps, 'realtime', signal);
      let failures = 0;
      for (let sequence = 1; ; sequence++) {
        // A shot that takes longer than its period is no gap: nothing was passed over.
        await pacer.next();
        if (signal.aborted) return;
        const capturedAtMs = clock.monotonicMs();
        const picture = await this.#shot(join(folder, `${sequence}.jpg`));
        if (picture === undefined) {
          await pause(clock, backOffMs(failures++, RETRY, random ?? Math.random), signal);
          continue;
        }
        failures = 0;
        this.#outage.end();
        yield { ...picture, capturedAtMs, sequence, source: device };
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #shot(file: string): Promise<Picture | undefined> {
    const { takeShot, maxPicturePixels } = this.#dependencies;
    try {
      await takeShot(file);
      return await readPicture(file, { maxPixels: maxPicturePixels });
    } catch (thrown) {
      this.#outage.begin(reasonOf(thrown));
      return undefined;
    } finally {
      await rm(file, { force: true });
    }
  }
}
