/** What loads native code or files of its own from beside itself: it stays in node_modules, the rest is inside dist/program. */
export const notBundled: readonly string[] = ['onnxruntime-node', 'onoff', 'serialport', 'node-webcam'];

/** What of dist/ runs without the packages inside. */
export const built: readonly string[] = [
  'facelatch.cjs',
  'vision-thread.cjs',
  'program/cli.cjs',
  'program/vision-worker.cjs',
  'release.js',
];

/** What a production tree needs. sharp's JavaScript is in the bundle (its 60 small files took a sixth of the start), its binaries are not. */
export const keptPackages: readonly string[] = [...notBundled, 'sharp'];
