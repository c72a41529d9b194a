import type { CameraListener } from './camera.js';

/**
 * What a camera tells its listener: one fault for each outage, another only when its reason changes (a camera that cannot be
 * reached is tried again every few seconds, which is no news), and one recovery.
 */
export class Outage {
  readonly #listener: CameraListener;
  #reason: string | undefined;

  constructor(listener: CameraListener) {
    this.#listener = listener;
  }

  begin(reason: string): void {
    if (this.#reason === reason) return;
    this.#reason = reason;
    this.#listener.onFault(reason);
  }

  /** To be called for every good frame. */
  end(): void {
    if (this.#reason === undefined) return;
    this.#reason = undefined;
    this.#listener.onRecovered();
  }
}
