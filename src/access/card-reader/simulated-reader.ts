import type { CardListener, CardReader } from './card-reader.js';

/** A reader in memory, for a machine without one; `present` is what holding a card before it would do. */
export class SimulatedReader implements CardReader {
  readonly name: string;
  #listener: CardListener | undefined;

  constructor(name = 'simulated') {
    this.name = name;
  }

  start(listener: CardListener): void {
    this.#listener = listener;
  }

  present(card: string): void {
    this.#listener?.onCard(card);
  }

  stop(): Promise<void> {
    this.#listener = undefined;
    return Promise.resolve();
  }
}
