import { access } from 'node:fs/promises';
import type { Clock, Timer } from '../../clock.js';
import { reasonOf } from '../../errors.js';
import type { ByteListener, ByteSource, OpenSource } from './stream-reader.js';

/** A serial port with 8 data bits, no parity and one stop bit, for itself alone. */
export function serialSource(device: string, baud: number, clock: Clock): OpenSource {
  return (listener) => {
    const source = new SerialSource(listener, clock);
    void source.open(device, baud);
    return source;
  };
}

/** serialport reads on for ever where an unplugged port gives nothing rather than an error; its name in /dev goes in any case. */
const LOOK_EVERY_MS = 1_000;

/** What is used of the class `SerialPort` of serialport. */
interface Port {
  readonly isOpen: boolean;
  open(callback: (error: Error | null) => void): void;
  close(callback: (error: Error | null) => void): void;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'error' | 'close', listener: (error: Error | null) => void): unknown;
}

class SerialSource implements ByteSource {
  readonly #listener: ByteListener;
  readonly #clock: Clock;
  #look: Timer | undefined;
  #port: Port | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(listener: ByteListener, clock: Clock) {
    this.#listener = listener;
    this.#clock = clock;
  }

  open(device: string, baud: number): Promise<void> {
    this.#opening = this.#connect(device, baud).catch((error: unknown) => this.#end(reasonOf(error)));
    return this.#opening;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening;
    await this.#release();
  }

  async #connect(device: string, baud: number): Promise<void> {
    const { SerialPort } = await loadSerialport();
    const port: Port = new SerialPort({ path: device, baudRate: baud, autoOpen: false });
    this.#port = port;
    port.on('data', (bytes) => {
      if (!this.#closed) this.#listener.onBytes(bytes);
    });
    port.on('error', (error) => this.#end(reasonOf(error ?? 'the port failed')));
    // Unplugged, a port closes with the error of the read that failed.
    port.on('close', (error) => this.#end(error ? error.message : 'it was closed'));
    await new Promise<void>((resolve, reject) => {
      port.open((error) => {
        if (error) reject(error);
        else resolve();
      });
    });
    if (this.#closed) return;
    this.#listener.onOpen();
    this.#lookAgain(device);
  }

  #lookAgain(device: string): void {
    if (this.#closed) return;
    this.#look = this.#clock.after(LOOK_EVERY_MS, () => {
      access(device).then(
        () => this.#lookAgain(device),
        (error: unknown) => this.#end(reasonOf(error)),
      );
    });
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    // Told at once: closing a port whose device has gone may never come back.
    void this.#release();
    this.#listener.onEnd(reason);
  }

  #release(): Promise<void> {
    this.#look?.cancel();
    const port = this.#port;
    this.#port = undefined;
    if (!port?.isOpen) return Promise.resolve();
    return new Promise((resolve) => {
      port.close(() => resolve());
    });
  }
}

/** serialport is an optional package with a native part. */
async function loadSerialport(): Promise<typeof import('serialport')> {
  try {
    return await import('serialport');
  } catch (error) {
    throw new Error(`the optional package "serialport" cannot be loaded (npm install serialport): ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
