import type { Clock } from '../clock.js';
import { fault } from '../errors.js';
import { backOffMs } from '../back-off.js';
import type { Camera, CameraListener } from './camera.js';
import type { Frame } from './frame.js';
import type { Ending } from './child-program.js';
import type { FrameCommand, FrameProcess, StartFrameProcess } from './frame-process.js';
import { startFrameProcess } from './frame-process.js';
import { NewestFrame, takeFrom } from './newest-frame.js';
import { FROZEN, PictureWatch, type Illness } from './picture-watch.js';
import { Outage } from './outage.js';
import { pause } from './pause.js';
import type { Picture } from './picture.js';
import { watchSilence } from './silence-watch.js';

export interface ProcessCameraOptions {
  readonly command: FrameCommand;
  /** The source has an end (a video file): it is shown once, and not begun anew when the program ends. */
  readonly finite: boolean;
  /** So long without a frame is a fault, and the program is started anew. */
  readonly stallMs: number;
  /** So long with the same picture, or a black one, is a fault; 0: never. For a freeze the program is started anew, once. */
  readonly frozenMs: number;
  /** The program may take so long for its first frame: a network camera may keep it waiting for a key frame. */
  readonly firstFrameMs: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
}

/** What tests replace. */
export interface ProcessCameraDependencies {
  readonly clock: Clock;
  readonly listener: CameraListener;
  readonly start?: StartFrameProcess;
  /** 0..1, evenly distributed. */
  readonly random?: () => number;
}

/**
 * Frames from one long-lived program. It is started anew, after a growing pause, whenever it ends, stalls or talks nonsense;
 * the listener hears of it. A program that is silent from the start is reported after twice `stallMs`, though it has until
 * `firstFrameMs`.
 */
export class ProcessCamera implements Camera {
  readonly #options: ProcessCameraOptions;
  readonly #clock: Clock;
  readonly #outage: Outage;
  readonly #start: StartFrameProcess;
  readonly #random: () => number;
  readonly #newest = new NewestFrame();
  readonly #pictures: PictureWatch;
  readonly #stopping = new AbortController();
  #program: FrameProcess | undefined;
  #running: Promise<void> | undefined;
  #sequence = 0;
  #ill: Illness | undefined;

  constructor(options: ProcessCameraOptions, { clock, listener, start, random }: ProcessCameraDependencies) {
    this.#options = options;
    this.#clock = clock;
    this.#outage = new Outage(listener);
    this.#pictures = new PictureWatch(clock, options.frozenMs);
    this.#start = start ?? startFrameProcess;
    this.#random = random ?? Math.random;
  }

  /** @throws CAMERA_UNAVAILABLE (the iteration) only where a finite source cannot be shown to its end */
  frames(): AsyncIterable<Frame> {
    this.#running ??= this.#run();
    return takeFrom(this.#newest, this);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#newest.abandon();
    await this.#program?.kill();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { command, finite, reconnectMinMs, reconnectMaxMs } = this.#options;
    const stopped = () => this.#stopping.signal.aborted;
    let failures = 0;
    while (!stopped()) {
      const framesBefore = this.#sequence;
      const ending = await this.#runOnce();
      if (stopped()) return;
      if (finite) {
        this.#newest.end(
          ending.clean ? undefined : fault('CAMERA_UNAVAILABLE', { source: command.source, reason: ending.reason }),
        );
        return;
      }
      this.#outage.begin(ending.reason);
      failures = this.#sequence > framesBefore ? 0 : failures + 1;
      const limits = { minMs: reconnectMinMs, maxMs: reconnectMaxMs };
      await pause(this.#clock, backOffMs(failures, limits, this.#random), this.#stopping.signal);
    }
  }

  /** One life of the program. */
  async #runOnce(): Promise<Ending> {
    const { command, stallMs, firstFrameMs } = this.#options;
    const framesBefore = this.#sequence;
    let stall: string | undefined;
    const program = this.#start(command, this.#clock, (picture) => {
      // What comes between a stall and the end of the program is no recovery.
      if (stall !== undefined || this.#stopping.signal.aborted) return;
      watch.heard();
      const before = this.#ill;
      this.#show(picture);
      // A program that hangs on to its last picture is well again after a new start; a camera that does is not, and is left in peace.
      if (this.#ill !== FROZEN || before === FROZEN) return;
      stall = FROZEN;
      void program.kill();
    });
    this.#program = program;
    // Five looks in stallMs: a stall is noticed within 1.2 times stallMs.
    const watch = watchSilence(this.#clock, stallMs / 5, (silentMs) => {
      const hasFrames = this.#sequence > framesBefore;
      // Starting takes its time, but must not take it in silence.
      const limitMs = hasFrames ? stallMs : 2 * stallMs;
      if (silentMs < limitMs || stall !== undefined) return;
      const reason = `no frame for ${limitMs} ms`;
      this.#outage.begin(reason);
      if (!hasFrames && silentMs < firstFrameMs) return;
      stall = reason;
      void program.kill();
    });
    const ending = await program.ended;
    watch.cancel();
    this.#program = undefined;
    return stall === undefined ? ending : { clean: false, reason: stall };
  }

  #show(picture: Picture): void {
    this.#sequence++;
    this.#ill = this.#pictures.look(picture);
    if (this.#ill === undefined) this.#outage.end();
    else this.#outage.begin(this.#ill);
    this.#newest.put({
      ...picture,
      capturedAtMs: this.#clock.monotonicMs(),
      sequence: this.#sequence,
      source: this.#options.command.source,
    });
  }
}
