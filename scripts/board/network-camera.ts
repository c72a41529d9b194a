import { approach, emptyWall, type Sitter } from '../demo/visitors.js';
import { HOST_ADDRESS } from './machine.js';
import { MjpegServer } from './mjpeg-server.js';

/**
 * A picture every so often, as many as the door takes. The emulated ffmpeg decodes not many more, and whatever it is behind stays on
 * the way: the door would see who was there a minute ago.
 */
const EVERY_MS = 1_000;

/** The camera over the door: an MJPEG stream of the host, in which nobody is seen, or somebody who sways on the same spot. */
export class NetworkCamera {
  readonly #photographs: string;
  readonly #server: MjpegServer;
  readonly #nobody: Buffer;
  #timer: NodeJS.Timeout | undefined;

  private constructor(photographs: string, nobody: Buffer) {
    this.#photographs = photographs;
    this.#nobody = nobody;
    this.#server = new MjpegServer(nobody, EVERY_MS);
  }

  static async start(photographs: string): Promise<{ readonly camera: NetworkCamera; readonly url: string }> {
    const camera = new NetworkCamera(photographs, await emptyWall());
    const url = new URL(await camera.#server.start());
    url.hostname = HOST_ADDRESS;
    return { camera, url: url.href };
  }

  showNobody(): void {
    clearInterval(this.#timer);
    this.#server.picture = this.#nobody;
  }

  /** Near, and never quite still: the last steps of somebody who walks up, forwards and backwards. */
  async show(sitter: Sitter): Promise<void> {
    const near = (await approach(this.#photographs, sitter)).slice(-4);
    const swaying = [...near, ...near.slice(1, -1).reverse()];
    let n = 0;
    clearInterval(this.#timer);
    this.#server.picture = swaying[0];
    this.#timer = setInterval(() => (this.#server.picture = swaying[++n % swaying.length]), EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#server.stop();
  }
}
