/**
 * The inner loop of the nearest search in WebAssembly, which has what plain JavaScript lacks: eight multiplications of small
 * integers in one instruction, on x64 and arm64 alike. Its source is kernel.wat; a test assembles that and compares.
 */
export const assembled = Buffer.from(
  [
    'AGFzbQEAAAABCQFgBX9/f39/AAMCAQAFAwEAAQcRAgZtZW1vcnkCAARzY2FuAAAKpAIBoQICA38EeyAAIAMgBGxqIQUCQANAIAAgBU8NAf0MAA',
    'AAAAAAAAAAAAAAAAAAACEI/QwAAAAAAAAAAAAAAAAAAAAAIQn9DAAAAAAAAAAAAAAAAAAAAAAhCv0MAAAAAAAAAAAAAAAAAAAAACELIAEhByAA',
    'IARqIQYDQCAIIAf9AAQAIAD9AQMA/boB/a4BIQggCSAH/QAEECAA/QEDCP26Af2uASEJIAogB/0ABCAgAP0BAxD9ugH9rgEhCiALIAf9AAQwIA',
    'D9AQMY/boB/a4BIQsgB0HAAGohByAAQSBqIQAgACAGSQ0ACyAIIAn9rgEgCiAL/a4B/a4BIQggAiAI/RsAIAj9GwFqIAj9GwIgCP0bA2pqNgIA',
    'IAJBBGohAgwACwsL',
  ].join(''),
  'base64',
);

/** Values of a row that the kernel takes in one step. */
const STEP = 32;
const PAGE_BYTES = 65_536;

/** So many rows are scanned in one go: their dot products and what is done with them stay in the processor's cache. */
export const SCAN_ROWS = 1_024;

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  scan(codes: number, probe: number, dots: number, rows: number, width: number): void;
}

// Node's own types leave it to those of browsers, which a door does not have.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Rows of 8-bit codes in one piece of memory, the probe that they are compared with, and the comparison. */
export class Kernel {
  /** Bytes of a row: the dimensions, filled up with zeros to whole steps. */
  readonly width: number;
  readonly #exports: Exports;
  readonly #dotsAt: number;
  readonly #codesAt: number;
  #probe = new Int16Array();
  #dots = new Int32Array();
  #codes = new Int8Array();

  constructor(dimensions: number) {
    this.width = Math.ceil(dimensions / STEP) * STEP;
    this.#exports = new WebAssembly.Instance(new WebAssembly.Module(assembled)).exports as Exports;
    this.#dotsAt = this.width * Int16Array.BYTES_PER_ELEMENT;
    this.#codesAt = this.#dotsAt + SCAN_ROWS * Int32Array.BYTES_PER_ELEMENT;
    this.reserve(0);
  }

  /** To be written before {@link scan}: whole numbers of -127..127. */
  get probe(): Int16Array {
    return this.#probe;
  }

  /** Row after row; another array after {@link reserve}. */
  get codes(): Int8Array {
    return this.#codes;
  }

  get bytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Makes room for so many rows. */
  reserve(rows: number): void {
    const { memory } = this.#exports;
    const needed = this.#codesAt + rows * this.width;
    if (needed > memory.buffer.byteLength) memory.grow(Math.ceil((needed - memory.buffer.byteLength) / PAGE_BYTES));
    this.#probe = new Int16Array(memory.buffer, 0, this.width);
    this.#dots = new Int32Array(memory.buffer, this.#dotsAt, SCAN_ROWS);
    this.#codes = new Int8Array(memory.buffer, this.#codesAt);
  }

  /** The dot products of the probe with up to {@link SCAN_ROWS} rows; overwritten by the next scan. */
  scan(firstRow: number, rows: number): Int32Array {
    this.#exports.scan(this.#codesAt + firstRow * this.width, 0, this.#dotsAt, rows, this.width);
    return this.#dots;
  }
}
