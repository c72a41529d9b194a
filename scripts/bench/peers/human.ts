/**
 * `@vladmandic/human` on WebAssembly, one thread: a frame for each line on standard input.
 * Arguments: the folder of the package, and a JPEG. Prints "ready", then the milliseconds of each frame.
 */
import { createReadStream, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { basename, dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import sharp from 'sharp';
import { answer } from './answer.js';

const [folder, jpegPath] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const wasm = `${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`;
setWasmPaths(wasm);
setThreadsCount(1);
await tf.setBackend('wasm');

// It reads its models over HTTP only: from a server on loopback that gives the package's own files.
const server = createServer((request, response) => {
  createReadStream(join(folder, 'models', basename(request.url ?? '')))
    .on('error', () => response.writeHead(404).end())
    .pipe(response);
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

interface Human {
  load(): Promise<void>;
  detect(picture: unknown): Promise<{ face: { embedding?: number[] }[] }>;
}
const { Human } = require(join(folder, 'dist/human.node-wasm.js')) as { Human: new (config: object) => Human };
const off = { enabled: false };
const human = new Human({
  modelBasePath: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  backend: 'wasm',
  wasmPath: wasm,
  cacheModels: false,
  cacheSensitivity: 0,
  filter: off,
  face: {
    enabled: true,
    detector: { rotation: true, maxDetected: 1 },
    mesh: { enabled: true },
    description: { enabled: true },
    iris: off,
    emotion: off,
    antispoof: off,
    liveness: off,
  },
  body: off,
  hand: off,
  gesture: off,
  object: off,
});
await human.load();
const jpeg = readFileSync(jpegPath);

await answer(async () => {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const picture = tf.tensor4d(data, [1, info.height, info.width, 3], 'float32');
  const { face } = await human.detect(picture);
  picture.dispose();
  if (!face[0]?.embedding) throw new Error('Human finds no face in the picture of the bench');
});
