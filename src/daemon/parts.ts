import type { Logger } from 'pino';
import { reasonOf } from '../errors.js';

/** What was built, to be stopped in the reverse order; one part that cannot be stopped does not keep the others. */
export class Parts {
  readonly #log: Logger;
  #stops: (() => unknown)[] = [];

  constructor(log: Logger) {
    this.#log = log;
  }

  add<T>(part: T, stop: (part: T) => unknown): T {
    this.#stops.push(() => stop(part));
    return part;
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        this.#log.error({ reason: reasonOf(error) }, 'a part could not be stopped');
      }
    }
  }
}
