/**
 * `@vladmandic/face-api` on WebAssembly, one thread: a frame for each line on standard input.
 * Arguments: `tiny` or `ssd` (its two detectors), and a JPEG. Prints "ready", then the milliseconds of each frame.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import sharp from 'sharp';
import { answer } from './answer.js';

const [detector, jpegPath] = process.argv.slice(2);
const require = createRequire(import.meta.url);
setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json'))}/dist/`);
setThreadsCount(1);
await tf.setBackend('wasm');
await tf.ready();
// The variant for Node without the native library; it shares the TensorFlow.js above.
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js') as typeof import('@vladmandic/face-api');
const models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
const { tinyFaceDetector, ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet } = faceapi.nets;
for (const net of [detector === 'tiny' ? tinyFaceDetector : ssdMobilenetv1, faceLandmark68Net, faceRecognitionNet]) {
  await net.loadFromDisk(models);
}
const options = detector === 'tiny' ? new faceapi.TinyFaceDetectorOptions() : new faceapi.SsdMobilenetv1Options();
const jpeg = readFileSync(jpegPath);

await answer(async () => {
  const { data, info } = await sharp(jpeg).raw().toBuffer({ resolveWithObject: true });
  const picture = tf.tensor3d(data, [info.height, info.width, 3], 'int32');
  const face = await faceapi.detectSingleFace(picture, options).withFaceLandmarks().withFaceDescriptor();
  picture.dispose();
  if (!face) throw new Error('face-api finds no face in the picture of the bench');
});
