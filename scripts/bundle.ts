/**
 * Part of `npm run build`: the command in one file, dist/facelatch.js. Reading 295 modules and what they import takes longer
 * than loading the models (docs/performance.md), so a door that was switched on would let its people wait for it.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..');

await build({
  entryPoints: [join(dist, 'src/cli.js')],
  outfile: join(dist, 'facelatch.js'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.17',
  // What holds native code or files of its own is loaded from node_modules.
  external: ['onnxruntime-node', 'sharp', 'onoff', 'serialport', 'node-webcam'],
  // Libraries in CommonJS ask for Node's own modules with `require`.
  banner: { js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);" },
  // Stack traces show the lines of the bundle, which is not minified: it can be read on site.
  sourcemap: false,
  logLevel: 'warning',
});
