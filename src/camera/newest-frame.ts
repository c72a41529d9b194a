import type { Camera } from './camera.js';
import type { Frame } from './frame.js';

/**
 * The hand-over between a camera and whoever looks at its frames: one place, in which a newer frame replaces the one that
 * nobody has taken yet. A consumer that is slow therefore sees fewer frames, never older ones.
 *
 * For one producer and one consumer; the consumer iterates it once.
 */
export class NewestFrame<T extends object = Frame> implements AsyncIterable<T> {
  #newest: T | undefined;
  #ended = false;
  #error: Error | undefined;
  #wake: (() => void) | undefined;

  /** Puts a frame in place of the one before. After the end it does nothing. */
  put(frame: T): void {
    if (this.#ended) return;
    this.#newest = frame;
    this.#wake?.();
  }

  /** No more frames: the one in place is still handed over, then the iteration ends, or throws `error` where one is given. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Ends at once: a frame that nobody has taken is not shown after the camera was told to stop. */
  abandon(): void {
    this.#newest = undefined;
    this.#error = undefined;
    this.#ended = true;
    this.#wake?.();
  }

  /** Puts every frame of `source`, then ends as it ends. Never rejects. */
  async fill(source: AsyncIterable<T>): Promise<void> {
    try {
      for await (const frame of source) this.put(frame);
      this.end();
    } catch (thrown) {
      this.end(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for (;;) {
      const frame = this.#newest;
      if (frame !== undefined) {
        this.#newest = undefined;
        yield frame;
      } else if (this.#ended) {
        if (this.#error !== undefined) throw this.#error;
        return;
      } else {
        await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    }
  }
}

/** What is put there, for one loop; leaving it stops the camera that fills it. */
export async function* takeFrom(newest: NewestFrame, camera: Pick<Camera, 'stop'>): AsyncGenerator<Frame, void, void> {
  try {
    yield* newest;
  } finally {
    await camera.stop();
  }
}
