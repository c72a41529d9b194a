import type { Camera } from '../../src/camera/camera.js';
import type { Frame } from '../../src/camera/frame.js';

/** A camera that yields what a test pushes, all of it and in order, whenever it is asked. */
export class FakeCamera implements Camera {
  /** How often stop was called. */
  stops = 0;
  #waiting: Frame[] = [];
  #ended = false;
  #error: Error | undefined;
  #wake: () => void = () => undefined;
  #sequence = 0;

  /** A grey picture of 8x6 pixels, but for what is given. */
  push(frame: Partial<Frame> = {}): Frame {
    const { widthPx = 8, heightPx = 6 } = frame;
    this.#sequence++;
    const pushed: Frame = {
      widthPx,
      heightPx,
      rgb: new Uint8Array(widthPx * heightPx * 3).fill(128),
      capturedAtMs: 0,
      sequence: this.#sequence,
      source: 'fake camera',
      ...frame,
    };
    this.#waiting.push(pushed);
    this.#wake();
    return pushed;
  }

  /** There is no more to show after what was pushed; or, with an error, the camera fails for good. */
  end(error?: Error): void {
    this.#ended = true;
    this.#error = error;
    this.#wake();
  }

  async *frames(): AsyncGenerator<Frame, void, void> {
    for (;;) {
      const frame = this.#waiting.shift();
      if (frame !== undefined) {
        yield frame;
      } else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }

  stop(): Promise<void> {
    this.stops++;
    this.#waiting = [];
    this.#error = undefined;
    this.end();
    return Promise.resolve();
  }
}
