import type { CardDecoder } from './stream-reader.js';

// linux/input-event-codes.h
const EV_SYN = 0;
const EV_KEY = 1;
const SYN_DROPPED = 3;
const PRESSED = 1;
const ENTER = [28, 96];
/** The digits, the rows of letters and the keypad. Codes are places on a US keyboard, which readers are set to by default. */
const characters = new Map<number, string>([
  ...row(2, '1234567890'),
  ...row(16, 'QWERTYUIOP'),
  ...row(30, 'ASDFGHJKL'),
  ...row(44, 'ZXCVBNM'),
  ...row(71, '789'),
  ...row(75, '456'),
  ...row(79, '1230'),
]);

function row(first: number, keys: string): [number, string][] {
  return Array.from(keys, (key, i) => [first + i, key]);
}

/** What a reader types before Enter is at most so long. */
const longestText = 256;

/**
 * The size of the kernel's struct input_event (linux/input.h): a time of two longs, which have 4 bytes each for a 32-bit program
 * and 8 for a 64-bit one, then type, code and value in 8 bytes.
 */
export function eventBytes(arch: string = process.arch): 16 | 24 {
  return arch === 'arm' || arch === 'ia32' ? 16 : 24;
}

/**
 * Joins the keystrokes of a reader that types, as /dev/input/event* reports them, into texts that end with Enter. Shift and
 * what readers type between the digits is passed over.
 */
export class KeyDecoder implements CardDecoder {
  readonly #size: 16 | 24;
  #rest = Buffer.alloc(0);
  #text = '';
  #spoilt = false;

  constructor(size: 16 | 24 = eventBytes()) {
    this.#size = size;
  }

  push(bytes: Uint8Array): string[] {
    const all = Buffer.concat([this.#rest, bytes]);
    const whole = all.length - (all.length % this.#size);
    this.#rest = all.subarray(whole);
    const texts: string[] = [];
    // Every board that facelatch runs on is little-endian.
    for (let at = this.#size - 8; at < whole; at += this.#size) {
      const text = this.#event(all.readUInt16LE(at), all.readUInt16LE(at + 2), all.readInt32LE(at + 4));
      if (text !== undefined) texts.push(text);
    }
    return texts;
  }

  drop(): void {
    this.#rest = Buffer.alloc(0);
    this.#clear();
  }

  #event(type: number, code: number, value: number): string | undefined {
    // The kernel's buffer ran over: keys are missing, and up to the next Enter nothing can be trusted.
    if (type === EV_SYN && code === SYN_DROPPED) this.#spoilt = true;
    if (type !== EV_KEY || value !== PRESSED) return undefined;
    if (!ENTER.includes(code)) {
      if (this.#text.length < longestText) this.#text += characters.get(code) ?? '';
      else this.#spoilt = true;
      return undefined;
    }
    const text = this.#spoilt ? '' : this.#text;
    this.#clear();
    return text === '' ? undefined : text;
  }

  #clear(): void {
    this.#text = '';
    this.#spoilt = false;
  }
}
