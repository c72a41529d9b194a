/**
 * Part of `npm run build`: the command in one file, dist/facelatch.js, and in another what releases the relay. Reading 295 modules
 * and what they import takes longer than loading the models (docs/performance.md), so a door that was switched on would let its
 * people wait for it.
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { notBundled } from './package/not-bundled.js';

const dist = join(dirname(fileURLToPath(import.meta.url)), '..');

await build({
  entryPoints: { facelatch: join(dist, 'src/cli.js'), release: join(dist, 'src/release-cli.js') },
  outdir: dist,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.17',
  external: [...notBundled],
  // Libraries in CommonJS ask for Node's own modules with `require`.
  banner: { js: "import { createRequire as bundleRequire } from 'node:module'; const require = bundleRequire(import.meta.url);" },
  // Stack traces show the lines of the bundle, which is not minified: it can be read on site.
  sourcemap: false,
  logLevel: 'warning',
});
