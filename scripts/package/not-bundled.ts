/** What loads native code or files of its own from beside itself: it stays in node_modules, the rest is inside dist/facelatch.js. */
export const notBundled: readonly string[] = ['onnxruntime-node', 'onoff', 'serialport', 'node-webcam'];

/** What a production tree needs. sharp's JavaScript is in the bundle (its 60 small files took a sixth of the start), its binaries are not. */
export const keptPackages: readonly string[] = [...notBundled, 'sharp'];
