import { backOffMs } from '../../back-off.js';
import { Outage } from '../../camera/outage.js';
import type { Clock, Timer } from '../../clock.js';
import type { CardListener, CardReader } from './card-reader.js';

/** Bytes from a device, once, until it goes or is closed. */
export interface ByteSource {
  /** Nothing is told after it resolves. Safe to call twice. */
  close(): Promise<void>;
}

export interface ByteListener {
  readonly onOpen: () => void;
  readonly onBytes: (bytes: Uint8Array) => void;
  /** The device cannot be opened or has gone; the source has closed itself. */
  readonly onEnd: (reason: string) => void;
}

export type OpenSource = (listener: ByteListener) => ByteSource;

/** Makes texts of bytes, in whatever pieces they come. */
export interface CardDecoder {
  push(bytes: Uint8Array): string[];
  /** Forgets a text that was begun. */
  drop(): void;
}

export interface StreamReaderOptions {
  readonly name: string;
  readonly open: OpenSource;
  readonly decoder: CardDecoder;
  readonly clock: Clock;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** 0..1, evenly distributed. */
  readonly random: () => number;
}

/** Readers send a card within a tenth of a second: what waits longer for its end was torn, or typed by hand. */
const LONGEST_GAP_MS = 2_000;

/** A reader on a device that may be unplugged and plugged in again. */
export class StreamReader implements CardReader {
  readonly name: string;
  readonly #options: StreamReaderOptions;
  #source: ByteSource | undefined;
  #retry: Timer | undefined;
  #failures = 0;
  #lastMs = -Infinity;
  #stopped = false;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
    this.name = options.name;
  }

  start(listener: CardListener): void {
    this.#connect(listener, new Outage(listener));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    await this.#source?.close();
  }

  #connect(listener: CardListener, outage: Outage): void {
    if (this.#stopped) return;
    const { open, decoder, clock, random } = this.#options;
    decoder.drop();
    this.#source = open({
      onOpen: () => {
        this.#failures = 0;
        outage.end();
      },
      onBytes: (bytes) => {
        const nowMs = clock.monotonicMs();
        if (nowMs - this.#lastMs > LONGEST_GAP_MS) decoder.drop();
        this.#lastMs = nowMs;
        decoder.push(bytes).forEach((text) => listener.onCard(text));
      },
      onEnd: (reason) => {
        if (this.#stopped) return;
        outage.begin(reason);
        const { reconnectMinMs: minMs, reconnectMaxMs: maxMs } = this.#options;
        const waitMs = backOffMs(this.#failures++, { minMs, maxMs }, random);
        this.#retry = clock.after(waitMs, () => this.#connect(listener, outage));
      },
    });
  }
}
