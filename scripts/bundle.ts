/**
 * Part of `npm run build`: in dist/program the command and its vision thread, in dist/facelatch.cjs and dist/vision-thread.cjs what starts
 * them, and in a file of its own what releases the relay. Reading 295 modules and what they import takes longer than loading the
 * models (docs/performance.md), so a door that was switched on would let its people wait for it.
 */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type BuildOptions } from 'esbuild';
import { notBundled } from './package/not-bundled.js';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..');

const options: BuildOptions = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.17',
  external: [...notBundled],
  // mqtt.js would load it at every start for a proxy that only its own environment variable could name: 190 kB and 20 ms.
  alias: { socks: join(dist, 'scripts/package/no-socks.js') },
  // Stack traces show the lines of the bundle, which is not minified: it can be read on site.
  sourcemap: false,
  logLevel: 'warning',
};

/** In CommonJS: V8 gives code to keep for scripts, not for modules (src/kept-code.ts), and Node starts without its loader of modules. */
const asScript: BuildOptions = {
  ...options,
  format: 'cjs',
  // What is imported late is evaluated late, and asked for with `require` where it is not inside.
  supported: { 'dynamic-import': false },
  define: { 'import.meta.url': 'bundleUrl' },
};

await rm(join(dist, 'program'), { recursive: true, force: true });
await build({
  ...asScript,
  entryPoints: [join(dist, 'src/cli.js'), join(dist, 'src/daemon/vision-worker.js')],
  entryNames: '[name]',
  outdir: join(dist, 'program'),
  outExtension: { '.js': '.cjs' },
});
await build({
  ...asScript,
  entryPoints: { facelatch: join(dist, 'src/main.js'), 'vision-thread': join(dist, 'src/daemon/vision-main.js') },
  outdir: dist,
  outExtension: { '.js': '.cjs' },
  banner: { js: "const bundleUrl = require('node:url').pathToFileURL(__filename).href;" },
});
// It shares nothing: it must work whatever became of the rest.
await build({
  ...options,
  entryPoints: [join(dist, 'src/release-cli.js')],
  outfile: join(dist, 'release.js'),
  // Libraries in CommonJS ask for Node's own modules with `require`.
  banner: { js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);" },
});
