/** `npm run package`: Debian packages for the boards, arm64 and amd64, into packages/. See docs/install.md. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { architectures } from './package/architecture.js';
import { debianPackage } from './package/debian-package.js';
import { productionTree } from './package/production-tree.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const { arch, revision, output } = new Command('package')
  .addOption(new Option('--arch <name>', 'the architecture').choices(['amd64', 'arm64', 'all']).default('all'))
  .option('--revision <number>', 'the revision of the package', '1')
  .option('--output <folder>', 'where the packages go', join(root, 'packages'))
  .parse()
  .opts<{ arch: string; revision: string; output: string }>();

const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
for (const architecture of architectures) {
  if (arch !== 'all' && arch !== architecture.debian) continue;
  const full = `${version}-${revision}`;
  const file = join(output, `facelatch_${full}_${architecture.debian}.deb`);
  const staging = await mkdtemp(join(tmpdir(), 'facelatch-package-'));
  try {
    const fill = (folder: string) => productionTree(root, folder, architecture);
    await debianPackage({ root, staging, architecture, version: full, fill, output: file });
    process.stdout.write(`${file}\n`);
  } finally {
    await rm(staging, { recursive: true });
  }
}
