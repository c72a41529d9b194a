import { Transform, type TransformCallback } from 'node:stream';

/**
 * Passes an MQTT byte stream through and ends it at a packet that announces more than `maxBytes`.
 *
 * The fixed header may announce 256 MB (MQTT 3.1.1 clause 2.2.3), and neither mqtt-packet nor aedes has a limit: they would
 * hold all of it before anybody is asked whether the sender may publish.
 */
export class PacketLimit extends Transform {
  readonly #maxBytes: number;
  /** Bytes of the current packet that are still to come. */
  #bodyLeft = 0;
  #lengthDigit: number | undefined;
  #length = 0;

  constructor(maxBytes: number) {
    super();
    this.#maxBytes = maxBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#bodyLeft > 0) {
        const taken = Math.min(this.#bodyLeft, chunk.length - at);
        this.#bodyLeft -= taken;
        at += taken;
      } else if (this.#lengthDigit === undefined) {
        // The byte with the packet's type; its length follows, seven bits in each byte.
        this.#lengthDigit = 0;
        this.#length = 0;
        at++;
      } else {
        const byte = chunk.readUInt8(at++);
        this.#length += (byte & 0x7f) * 128 ** this.#lengthDigit++;
        if (this.#length > this.#maxBytes || this.#lengthDigit > 4) {
          done(new Error(`expected MQTT packets of at most ${this.#maxBytes} bytes, received one of at least ${this.#length}`));
          return;
        }
        if ((byte & 0x80) !== 0) continue;
        this.#lengthDigit = undefined;
        this.#bodyLeft = this.#length;
      }
    }
    done(null, chunk);
  }
}
