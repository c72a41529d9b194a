import { onTestFinished } from 'vitest';
import { MjpegServer as Server } from '../../scripts/board/mjpeg-server.js';

/** A network camera that goes with its test. */
export class MjpegServer extends Server {
  override start(): Promise<string> {
    onTestFinished(() => this.stop());
    return super.start();
  }
}
