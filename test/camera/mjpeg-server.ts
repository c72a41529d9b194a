import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A network camera that shows one JPEG after the other as multipart/x-mixed-replace, 20 a second, and can misbehave. */
export class MjpegServer {
  /** What is shown now. */
  picture: Buffer;
  /** Connected, but silent. */
  stalled = false;
  requests = 0;
  #clients = new Set<ServerResponse>();
  #port = 0;
  #server = createServer((_request, response) => {
    this.requests++;
    response.writeHead(200, { 'content-type': 'multipart/x-mixed-replace; boundary=facelatch' });
    this.#clients.add(response);
    response.on('close', () => this.#clients.delete(response));
  });

  constructor(picture: Buffer) {
    this.picture = picture;
  }

  /** Listens on a free port, or again on the one that it had. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    const timer = setInterval(() => {
      if (!this.stalled) for (const client of this.#clients) this.#send(client);
    }, 50);
    onTestFinished(async () => {
      clearInterval(timer);
      await this.stop();
    });
    return `http://127.0.0.1:${this.#port}/stream`;
  }

  /** The plug is pulled: every connection is reset, and new ones are refused. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    this.#server.closeAllConnections();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }

  #send(client: ServerResponse): void {
    client.write(`--facelatch\r\nContent-Type: image/jpeg\r\nContent-Length: ${this.picture.length}\r\n\r\n`);
    client.write(this.picture);
    client.write('\r\n');
  }
}
