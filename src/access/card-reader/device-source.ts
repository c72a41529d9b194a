import { constants } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import type { Clock, Timer } from '../../clock.js';
import { reasonOf } from '../../errors.js';
import { systemCode } from '../../identity/people-file/disk.js';
import type { ByteListener, ByteSource, OpenSource } from './stream-reader.js';

/** Asked so often, a reader feels immediate; 40 reads a second are 0.1 % of a core. */
const POLL_MS = 25;
/** More than a device holds back: 64 events of 24 bytes, or 4,095 bytes of a terminal's line. */
const BUFFER_BYTES = 8_192;

/**
 * A character device or a FIFO. It is asked time and again without waiting: a blocking read would take one of the four threads
 * that Node has for files away from the camera, and could not be ended.
 */
export function deviceSource(path: string, clock: Clock): OpenSource {
  return (listener) => {
    const source = new DeviceSource(path, clock, listener);
    source.start();
    return source;
  };
}

class DeviceSource implements ByteSource {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #listener: ByteListener;
  readonly #buffer = Buffer.alloc(BUFFER_BYTES);
  #file: FileHandle | undefined;
  #timer: Timer | undefined;
  #working: Promise<void> | undefined;
  #closed = false;

  constructor(path: string, clock: Clock, listener: ByteListener) {
    this.#path = path;
    this.#clock = clock;
    this.#listener = listener;
  }

  start(): void {
    this.#work(() => this.#open());
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#working;
    await this.#release();
  }

  async #open(): Promise<void> {
    // Read only, a FIFO is at its end whenever nobody writes; who could write as well waits for the next writer (fifo(7)).
    const access = (await stat(this.#path)).isFIFO() ? constants.O_RDWR : constants.O_RDONLY;
    this.#file = await open(this.#path, access | constants.O_NONBLOCK | constants.O_NOCTTY);
    if (!this.#closed) this.#listener.onOpen();
    await this.#poll();
  }

  async #poll(): Promise<void> {
    while (!this.#closed && (await this.#read()));
    if (!this.#closed) this.#timer = this.#clock.after(POLL_MS, () => this.#work(() => this.#poll()));
  }

  /** @returns whether there may be more at once */
  async #read(): Promise<boolean> {
    if (!this.#file) return false;
    try {
      const { bytesRead } = await this.#file.read(this.#buffer, 0, BUFFER_BYTES, null);
      // A terminal that was hung up; a file that is none of the devices meant.
      if (bytesRead === 0) throw new Error('it is at its end');
      if (!this.#closed) this.#listener.onBytes(this.#buffer.subarray(0, bytesRead));
      return true;
    } catch (error) {
      if (systemCode(error) === 'EAGAIN') return false;
      throw error;
    }
  }

  #work(step: () => Promise<void>): void {
    if (this.#closed) return;
    this.#working = step().catch(async (error: unknown) => {
      await this.#release();
      if (this.#closed) return;
      this.#closed = true;
      this.#listener.onEnd(reasonOf(error));
    });
  }

  async #release(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    // An unplugged device may refuse to be closed; it is closed all the same.
    await file?.close().catch(() => undefined);
  }
}
