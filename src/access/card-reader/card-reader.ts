/** The port to a reader of cards or key fobs. Adapters: simulated, replayed, keyboard, serial, lines. */
export interface CardReader {
  /** What messages call it. */
  readonly name: string;
  /** Reports from now on, until stopped; a reader that is not there, or goes, is waited for. Once only. */
  start(listener: CardListener): void;
  /** Safe to call twice, and before start. */
  stop(): Promise<void>;
}

export interface CardListener {
  /** A card was read. The text is as it came: whoever takes it normalises it. */
  readonly onCard: (text: string) => void;
  /** Once for each time that the reader cannot be read. */
  readonly onFault: (reason: string) => void;
  readonly onRecovered: () => void;
}

/** Longer texts are no card ids; the longest ISO 14443 id is 10 bytes, 20 digits. */
const longestId = 64;

/**
 * The id as it is compared: upper case, without what readers put between the digits. Leading zeros stay, since they tell one
 * card's id from another's.
 *
 * @returns undefined for what is no card id: fewer than 4 or more than 64 letters and digits, or anything else among them
 */
export function normaliseCard(text: string): string | undefined {
  if (text.length > 4 * longestId) return undefined;
  const id = text
    .normalize('NFKC')
    .replace(/[\s:.-]/g, '')
    .toUpperCase();
  return /^[0-9A-Z]{4,64}$/.test(id) ? id : undefined;
}

/** What may be told of a card in events and logs: enough to tell two apart, too little to copy one. */
export function maskCard(id: string): string {
  return `…${id.slice(id.length >= 8 ? -3 : -1)}`;
}
