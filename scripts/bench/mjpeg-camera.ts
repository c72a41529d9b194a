import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** CLOCK_MONOTONIC in ms: the same in every process of the machine. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;

/** A network camera that shows the same pictures over and over, as MJPEG over HTTP at an even rate. */
export class MjpegCamera {
  readonly #pictures: readonly Buffer[];
  readonly #periodMs: number;
  readonly #clients = new Set<ServerResponse>();
  readonly #server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=frame' });
    this.#clients.add(response);
    response.on('close', () => this.#clients.delete(response));
  });
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  readonly #sentAtMs: number[][];

  constructor(pictures: readonly Buffer[], fps: number) {
    this.#pictures = pictures;
    this.#periodMs = 1_000 / fps;
    this.#sentAtMs = pictures.map(() => []);
  }

  /** When each picture was sent ({@link machineMs}), the times in their order. */
  get sentAtMs(): readonly (readonly number[])[] {
    return this.#sentAtMs;
  }

  /** @returns its address */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#dueMs = machineMs();
    this.#show(0);
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #show(index: number): void {
    const picture = this.#pictures[index];
    this.#sentAtMs[index].push(machineMs());
    for (const client of this.#clients) {
      client.write(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`);
      client.write(picture);
      client.write('\r\n');
    }
    this.#dueMs += this.#periodMs;
    this.#timer = setTimeout(() => this.#show((index + 1) % this.#pictures.length), this.#dueMs - machineMs());
  }
}
