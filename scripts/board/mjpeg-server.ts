import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A network camera that shows one JPEG after the other as multipart/x-mixed-replace, and can misbehave. */
export class MjpegServer {
  /** What is shown now. */
  picture: Buffer;
  /** Connected, but silent. */
  stalled = false;
  requests = 0;
  readonly #everyMs: number;
  #clients = new Set<ServerResponse>();
  #port = 0;
  #timer: NodeJS.Timeout | undefined;
  #server = createServer((_request, response) => {
    this.requests++;
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=facelatch' });
    this.#clients.add(response);
    response.on('close', () => this.#clients.delete(response));
  });

  /** @param everyMs between two pictures */
  constructor(picture: Buffer, everyMs = 50) {
    this.picture = picture;
    this.#everyMs = everyMs;
  }

  /** Listens on a free port, or again on the one that it had. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    this.#timer ??= setInterval(() => {
      if (!this.stalled) for (const client of this.#clients) this.#send(client);
    }, this.#everyMs);
    return `http://127.0.0.1:${this.#port}/stream`;
  }

  /** The plug is pulled: every connection is reset, and new ones are refused. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const client of this.#clients) client.destroy();
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #send(client: ServerResponse): void {
    // As a camera does: whoever is slow misses pictures.
    if (client.writableLength > 0) return;
    client.write(`--facelatch\r\nContent-Type: image/jpeg\r\nContent-Length: ${this.picture.length}\r\n\r\n`);
    client.write(this.picture);
    client.write('\r\n');
  }
}
