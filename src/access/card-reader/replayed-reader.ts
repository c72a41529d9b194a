import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '../../clock.js';
import { fault } from '../../errors.js';
import type { CardListener, CardReader } from './card-reader.js';

export interface ReplayedCard {
  /** Milliseconds after the reader was started. */
  readonly atMs: number;
  readonly card: string;
}

/** Cards at set times, for demonstrations and tests. */
export class ReplayedReader implements CardReader {
  readonly name: string;
  readonly #cards: readonly ReplayedCard[];
  readonly #clock: Clock;
  #timers: Timer[] = [];

  constructor(name: string, cards: readonly ReplayedCard[], clock: Clock) {
    this.name = name;
    this.#cards = cards;
    this.#clock = clock;
  }

  start(listener: CardListener): void {
    this.#timers = this.#cards.map(({ atMs, card }) => this.#clock.after(atMs, () => listener.onCard(card)));
  }

  stop(): Promise<void> {
    this.#timers.splice(0).forEach((timer) => timer.cancel());
    return Promise.resolve();
  }
}

/**
 * The cards of a file: a line such as "1500 04A2B3C4" for each, empty lines and those that begin with # aside.
 * @throws FacelatchError CARD_READER_UNAVAILABLE, with the line
 */
export async function readReplay(path: string): Promise<ReplayedCard[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw fault('CARD_READER_UNAVAILABLE', { path, reason: 'it cannot be read' }, error);
  }
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [, atMs, card] = /^\s*(\d{1,9})\s+(\S.*?)\s*$/.exec(line) ?? [];
    if (card) return [{ atMs: Number(atMs), card }];
    throw fault('CARD_READER_UNAVAILABLE', { path, reason: `line ${index + 1} is no time in milliseconds and a card` });
  });
}
