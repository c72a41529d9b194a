import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskCard, normaliseCard } from '../../src/access/card-reader/card-reader.js';
import { eventBytes, KeyDecoder } from '../../src/access/card-reader/key-decoder.js';
import { LineDecoder } from '../../src/access/card-reader/line-decoder.js';

describe('a card id', () => {
  it.each([
    ['04:a2:b3:c4', '04A2B3C4'],
    [' 04 A2-B3.C4\r', '04A2B3C4'],
    ['0012345678', '0012345678'],
    ['１２３４', '1234'],
  ])('%j is compared as %s', (text, id) => {
    expect(normaliseCard(text)).toBe(id);
  });

  it.each(['', '123', 'A'.repeat(65), '1234;5678', '12345\u0007', 'ÄÖÜß', '1'.repeat(100_000)])('%j is none', (text) => {
    expect(normaliseCard(text)).toBeUndefined();
  });

  it('is told in a few characters only', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9A-Z]{4,64}$/), (id) => {
        expect(Array.from(maskCard(id)).length - 1).toBeLessThanOrEqual(id.length * 0.4);
        expect(id.endsWith(maskCard(id).slice(1))).toBe(true);
      }),
    );
  });
});

describe('lines of a serial reader', () => {
  const lines = (...pieces: string[]) => {
    const decoder = new LineDecoder();
    return pieces.flatMap((piece) => decoder.push(Buffer.from(piece, 'latin1')));
  };

  it('end with CR, LF or both, or stand between STX and ETX', () => {
    expect(lines('1234\r5678\n9012\r\n\x02ABCD\r\n\x03\x02EF01\x03')).toEqual(['1234', '5678', '9012', 'ABCD', 'EF01']);
  });

  it('come in any pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[0-9A-F]{1,20}$/)), fc.array(fc.nat(40)), (cards, cuts) => {
        const bytes = Buffer.from(cards.map((card) => `${card}\r\n`).join(''));
        const decoder = new LineDecoder();
        let at = 0;
        const read = [...cuts, bytes.length].flatMap((length) => decoder.push(bytes.subarray(at, (at += length))));
        expect(read).toEqual(cards);
      }),
    );
  });

  it('are dropped when they are too long, and the next one is read', () => {
    expect(lines('9'.repeat(100_000), '\n1234\n')).toEqual(['1234']);
  });
});

/** The kernel's struct input_event of linux/input.h. */
function keyEvent(size: 16 | 24, type: number, code: number, value: number): Buffer {
  const event = Buffer.alloc(size, 0x7f);
  event.writeUInt16LE(type, size - 8);
  event.writeUInt16LE(code, size - 6);
  event.writeInt32LE(value, size - 4);
  return event;
}

/** A key as a reader sends it: scan code, press, report, release, report. */
const stroke = (size: 16 | 24, code: number): Buffer =>
  Buffer.concat([
    keyEvent(size, 4, 4, 0x7001e),
    keyEvent(size, 1, code, 1),
    keyEvent(size, 0, 0, 0),
    keyEvent(size, 1, code, 0),
    keyEvent(size, 0, 0, 0),
  ]);

// linux/input-event-codes.h: KEY_1 is 2, KEY_0 is 11, KEY_A is 30, KEY_KP0 is 82, KEY_ENTER is 28.
const codes: Readonly<Record<string, number>> = { '0': 11, '1': 2, '4': 5, '9': 10, A: 30, F: 33, Z: 44, P: 25, '\n': 28 };
const typed = (text: string, size: 16 | 24 = 24) => Buffer.concat(Array.from(text, (key) => stroke(size, codes[key])));

describe('keystrokes of a reader that types', () => {
  it.each([16, 24] as const)('are read from events of %d bytes, in any pieces', (size) => {
    const bytes = typed('0419AFZP\n1490\n', size);
    expect(new KeyDecoder(size).push(bytes)).toEqual(['0419AFZP', '1490']);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 200 })), (cuts) => {
        const decoder = new KeyDecoder(size);
        let at = 0;
        const read = [...cuts, bytes.length].flatMap((length) => decoder.push(bytes.subarray(at, (at += length))));
        expect(read).toEqual(['0419AFZP', '1490']);
      }),
    );
  });

  it('know the size of an event of their own program', () => {
    expect(['arm', 'ia32', 'arm64', 'x64'].map((arch) => eventBytes(arch))).toEqual([16, 16, 24, 24]);
  });

  it('come from the keypad as well, with Shift and separators passed over', () => {
    const keypad = [82, 79, 80, 81, 75, 76, 77, 71, 72, 73];
    const separators = [42, 12, 39, 52, 57, 74, 59];
    const bytes = Buffer.concat([...keypad, ...separators, 96].map((code) => stroke(24, code)));
    expect(new KeyDecoder(24).push(bytes)).toEqual(['0123456789']);
  });

  it('count when pressed, not when held or released', () => {
    const held = Buffer.concat([keyEvent(24, 1, 2, 1), keyEvent(24, 1, 2, 2), keyEvent(24, 1, 2, 2), keyEvent(24, 1, 2, 0)]);
    expect(new KeyDecoder(24).push(Buffer.concat([held, typed('\n')]))).toEqual(['1']);
  });

  it('are not trusted up to the next Enter once the kernel has dropped some', () => {
    const dropped = keyEvent(24, 0, 3, 0);
    const bytes = Buffer.concat([typed('04'), dropped, typed('19\n'), typed('1490\n')]);
    expect(new KeyDecoder(24).push(bytes)).toEqual(['1490']);
  });

  it('are dropped when they are too many, and the next ones are read', () => {
    const decoder = new KeyDecoder(24);
    expect(decoder.push(typed('1'.repeat(5_000)))).toEqual([]);
    expect(decoder.push(typed('\n1490\n'))).toEqual(['1490']);
  });

  it('make nothing but texts of known keys out of any bytes at all', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (pieces) => {
        const decoder = new KeyDecoder(24);
        for (const text of pieces.flatMap((piece) => decoder.push(piece))) expect(text).toMatch(/^[0-9A-Z]{1,256}$/);
      }),
    );
  });
});
