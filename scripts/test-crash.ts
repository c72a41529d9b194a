/**
 * `npm run test:crash`: the people file under SIGKILL and under power cuts. Hundreds of each, at random moments; the first
 * acknowledged change that is missing ends it with its seed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { killWorkers } from './crash/kills.js';
import { cutPower } from './crash/power-cuts.js';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    cuts: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    /** Where the file of the first part stands: another disk than /tmp, perhaps. */
    folder: { type: 'string', default: tmpdir() },
  },
});
const seed = Number(values.seed);
console.log(`seed ${seed}`);

for (const [what, kills, passphrase] of [
  ['in the clear', Math.ceil(Number(values.kills) / 2), undefined],
  ['encrypted', Math.floor(Number(values.kills) / 2), 'correct horse battery'],
] as const) {
  if (kills === 0) continue;
  const folder = mkdtempSync(join(values.folder, 'facelatch-crash-'));
  const report = await killWorkers({
    worker: fileURLToPath(new URL('crash/worker.js', import.meta.url)),
    file: join(folder, 'people.json'),
    kills,
    seed,
    ...(passphrase === undefined ? {} : { passphrase }),
    onProgress: (done) => process.stderr.write(`\r${done} of ${kills} kills, ${what} `),
  });
  process.stderr.write('\n');
  console.log(
    `${what}: ${report.kills} processes killed with SIGKILL; all of ${report.acknowledged} acknowledged changes there; ` +
      `${report.interrupted} interrupted, ${report.interruptedDone} of them done, ${report.refused} refused; every file whole`,
  );
  rmSync(folder, { recursive: true });
}

const cuts = await cutPower({ cuts: Number(values.cuts), seed });
console.log(
  `${cuts.cuts} power cuts with unsynced writes thrown away: the old state ${cuts.old} times, the new one ${cuts.new} times, neither never`,
);
