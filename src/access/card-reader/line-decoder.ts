import type { CardDecoder } from './stream-reader.js';

/** A line of a card reader is a few dozen characters; more is not a card. */
const longestLine = 256;
/** NUL, STX, ETX, LF, CR: readers end a card with CR, LF or both, some frame it in STX and ETX, hidraw fills up with NUL. */
const ends = new Set([0, 2, 3, 10, 13]);

/** Cuts bytes into lines without their ends. Empty ones are passed over, one that is too long is dropped whole. */
export class LineDecoder implements CardDecoder {
  #line = '';
  #spoilt = false;

  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    for (const byte of bytes) {
      if (ends.has(byte)) {
        if (this.#line !== '' && !this.#spoilt) lines.push(this.#line);
        this.drop();
      } else if (this.#line.length < longestLine) this.#line += String.fromCharCode(byte);
      else this.#spoilt = true;
    }
    return lines;
  }

  drop(): void {
    this.#line = '';
    this.#spoilt = false;
  }
}
