/**
 * `npm run test:board`: the Debian package on an emulated arm64 board, in docs/board-test.md. Needs root, npm and Debian's packages;
 * the image of the board and the package stay in .cache/board.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import { Board } from './board/board.js';
import { Checks } from './board/checks.js';
import { Enrolment } from './board/enrolment.js';
import { boardImage, boardPackage } from './board/image.js';
import { installPrograms } from './board/programs.js';
import { say } from './board/progress.js';
import { scenario } from './board/scenario.js';
import { summary } from './board/summary.js';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cache = join(root, '.cache', 'board');
const photographs = join(defaultModelsFolder(), 'photographs');

/** Such as "power cut": what all the rest needs is always done. */
const { only } = parseArgs({ options: { only: { type: 'string', default: '' } } }).values;

await installPrograms();
const deb = await boardPackage(root, cache);
const image = await boardImage(root, cache);
const folder = await mkdtemp(join(tmpdir(), 'facelatch-board-'));
let board: Board | undefined;
let ended = false;
async function end(status: number): Promise<void> {
  if (ended) return;
  ended = true;
  await board?.stop();
  await rm(folder, { recursive: true, force: true });
  process.exit(status);
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => void end(130));

const says = () => board?.says().catch((error: unknown) => String(error)) ?? Promise.resolve('the board is not there yet');
const checks = new Checks(says, new RegExp(only));
try {
  board = await Board.create({ root, image, deb, photographs, folder });
  await scenario(board, new Enrolment(board, photographs, folder), checks);
} catch (error) {
  say(`given up: ${error instanceof Error ? error.message : String(error)}`);
  if (checks.results.every(({ passed }) => passed)) say(await says());
  checks.results.push({ name: 'the whole way', detail: 'given up, see above', passed: false });
}
process.stdout.write(`\n${summary(checks.results)}\n`);
await end(checks.results.every(({ passed }) => passed) ? 0 : 1);
