// Fetches the models and the sample photographs that models/manifest.json names (docs/models.md).
import { relative } from 'node:path';
import { parseArgs } from 'node:util';
import { fault, FacelatchError, reasonOf } from '../src/errors.js';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import { fetchModels, type FetchSummary } from './models/fetch-models.js';

const usage = `Usage: npm run models -- [--from <folder or tarball>] [--no-photographs] [--quiet]

Fetches the files that models/manifest.json names, with the npm configuration of this user and machine, and checks each by
its SHA-256. Files that are already there are left alone; a download that was interrupted is continued.

  --from <path>      take them from a folder that holds the npm tarballs or the files, or from one tarball; no network
  --no-photographs   the models alone, which is all that a door needs
  --quiet            say nothing when everything is there
  --help             this text
`;

async function main(args: readonly string[]): Promise<void> {
  const { from, quiet, help, photographs } = options(args);
  if (help) {
    process.stdout.write(usage);
    return;
  }
  const modelsFolder = defaultModelsFolder();
  const progress = async () => (await import('./models/progress.js')).progressOn(process.stderr);
  const summary = await fetchModels({ modelsFolder, from, photographs, progress });
  if (!quiet || summary.fetched.length > 0) process.stderr.write(`${inWords(summary, modelsFolder)}\n`);
}

function options(args: readonly string[]) {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        'no-photographs': { type: 'boolean', default: false },
        quiet: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { ...values, photographs: !values['no-photographs'] };
  } catch (error) {
    throw fault('USAGE', { problem: `${reasonOf(error)}\n\n${usage}` }, error);
  }
}

function inWords({ files, fetched, missing }: FetchSummary, modelsFolder: string): string {
  const folder = relative(process.cwd(), modelsFolder) || modelsFolder;
  const models = files.filter(({ kind }) => kind === 'model').length;
  const photographs = files.length - models - missing.length;
  const what = `${models} models${photographs > 0 ? ` and ${photographs} photographs` : ''}`;
  const lacking = missing.length > 0 ? `; ${missing.length} photographs, for the demo and the tests, are missing` : '';
  return `${what} in ${folder}, every SHA-256 as in the manifest (${fetched.length} fetched)${lacking}.`;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const known = error instanceof FacelatchError;
  process.stderr.write(`models: ${known ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
  process.exitCode = known ? error.exitStatus : 70;
}
