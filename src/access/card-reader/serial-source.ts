import { reasonOf } from '../../errors.js';
import type { ByteListener, ByteSource, OpenSource } from './stream-reader.js';

/** A serial port with 8 data bits, no parity and one stop bit, for itself alone. */
export function serialSource(device: string, baud: number): OpenSource {
  return (listener) => {
    const source = new SerialSource(listener);
    void source.open(device, baud);
    return source;
  };
}

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
  #port: Port | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(listener: ByteListener) {
    this.#listener = listener;
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
    if (!this.#closed) this.#listener.onOpen();
  }

  #end(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    // Told at once: closing a port whose device has gone may never come back.
    void this.#release();
    this.#listener.onEnd(reason);
  }

  #release(): Promise<void> {
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
