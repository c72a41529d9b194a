/** What holds native code or files of its own: it is loaded from node_modules, the rest is inside dist/facelatch.js. */
export const notBundled: readonly string[] = ['onnxruntime-node', 'sharp', 'onoff', 'serialport', 'node-webcam'];
