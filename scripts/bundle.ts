/**
 * Part of `npm run build`: the command in dist/facelatch.js, with what only some starts need in dist/chunks, and in a file of its own
 * what releases the relay. Reading 295 modules and what they import takes longer than loading the models (docs/performance.md), so a
 * door that was switched on would let its people wait for it.
 */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { notBundled } from './package/not-bundled.js';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..');

const options: BuildOptions = {
  outdir: dist,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.17',
  external: [...notBundled],
  // mqtt.js would load it at every start for a proxy that only its own environment variable could name: 190 kB and 20 ms.
  alias: { socks: join(dist, 'scripts/package/no-socks.js') },
  // Libraries in CommonJS ask for Node's own modules with `require`.
  banner: { js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);" },
  // Stack traces show the lines of the bundle, which is not minified: it can be read on site.
  sourcemap: false,
  logLevel: 'warning',
};

await rm(join(dist, 'chunks'), { recursive: true, force: true });
await build({
  ...options,
  entryPoints: { facelatch: join(dist, 'src/main.js'), 'vision-worker': join(dist, 'src/daemon/vision-worker.js') },
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
});
// It shares nothing: it must work whatever became of the rest.
await build({ ...options, entryPoints: { release: join(dist, 'src/release-cli.js') } });
