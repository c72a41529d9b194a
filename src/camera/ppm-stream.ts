import type { Picture } from './picture.js';

const HEADER = /^P6\s([1-9]\d{0,4})\s([1-9]\d{0,4})\s255\s$/;
const LONGEST_HEADER_BYTES = 'P6 99999 99999 255 '.length;

export interface PpmSink {
  onPicture(picture: Picture): void;
  /** Called once; whatever follows is ignored. */
  onDamage(reason: string): void;
}

/**
 * Cuts a stream of binary PPM pictures into frames, wherever the pipe has cut it into chunks: P6 with 8 bits and without
 * comments, as ffmpeg's ppm encoder writes them. Each byte is copied once, into its picture's own memory.
 *
 * After garbage the stream is not searched for a new beginning: pixels may look like one. Whoever feeds it starts the
 * source anew.
 */
export class PpmStream {
  readonly #maxPixels: number;
  readonly #sink: PpmSink;
  #header = '';
  #picture: Picture | undefined;
  #filledBytes = 0;
  #damaged = false;

  /** @param maxPixels the largest width times height that memory is set aside for */
  constructor(maxPixels: number, sink: PpmSink) {
    this.#maxPixels = maxPixels;
    this.#sink = sink;
  }

  /** Takes the next bytes, and tells the sink of the pictures that they complete. */
  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length && !this.#damaged;) {
      if (this.#picture === undefined) {
        this.#picture = this.#readHeader(chunk[at++] ?? 0);
        continue;
      }
      const picture = this.#picture;
      const part = chunk.subarray(at, at + picture.rgb.length - this.#filledBytes);
      picture.rgb.set(part, this.#filledBytes);
      this.#filledBytes += part.length;
      at += part.length;
      if (this.#filledBytes === picture.rgb.length) {
        this.#picture = undefined;
        this.#filledBytes = 0;
        this.#sink.onPicture(picture);
      }
    }
  }

  #readHeader(byte: number): Picture | undefined {
    this.#header += String.fromCharCode(byte);
    const match = HEADER.exec(this.#header);
    if (match === null) {
      if (this.#header.length < LONGEST_HEADER_BYTES) return undefined;
      this.#refuse(`bytes that begin no PPM picture (${JSON.stringify(this.#header)})`);
      return undefined;
    }
    this.#header = '';
    const [widthPx, heightPx] = [Number(match[1]), Number(match[2])];
    if (widthPx * heightPx > this.#maxPixels) {
      this.#refuse(`a picture of ${widthPx}x${heightPx}, more than ${this.#maxPixels} pixels`);
      return undefined;
    }
    // Filled to its last byte before anybody sees it, hence not zeroed first.
    return { widthPx, heightPx, rgb: Buffer.allocUnsafeSlow(widthPx * heightPx * 3) };
  }

  #refuse(reason: string): void {
    this.#damaged = true;
    this.#sink.onDamage(reason);
  }
}
