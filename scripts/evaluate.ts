// Says how good encoders are on a folder of faces, as a page and as JSON (docs/training.md).
import { Command } from 'commander';
import { reasonOf } from '../src/errors.js';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import { readAttacksFolder } from './training/data/attacks-folder.js';
import { readPeopleFolder } from '../src/identity/calibration/labelled-folder.js';
import type { Rate } from '../src/identity/calibration/rates.js';
import { writeReport } from './training/report/report.js';
import { readSplit } from './training/run/train-command.js';

interface Options {
  readonly data: string;
  readonly encoder?: readonly string[];
  readonly heldOut?: string;
  readonly attacks?: string;
  readonly streams?: boolean;
  readonly out: string;
}

const program = new Command('npm run evaluate --')
  .description(
    'Compares encoders with each other and with comparing pixels, on a folder that has a folder of photographs for each person.',
  )
  .requiredOption('--data <folder>', 'the photographs')
  .option('--encoder <name...>', 'the encoders; all that there are unless given')
  .option('--held-out <run>', 'only the people whom this training run never saw')
  .option('--attacks <folder>', 'pictures named live-... and attack-<species>-...: the error rates of liveness')
  .option('--streams', 'show each photograph to the door as a stream of frames as well; takes a minute for 100')
  .option('--out <folder>', 'where report.html and report.json go', 'reports/evaluation');

async function main(): Promise<void> {
  const { data, encoder, heldOut, attacks, streams, out } = program.parse().opts<Options>();
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const all = await readPeopleFolder(data);
  const test = heldOut === undefined ? undefined : (await readSplit(heldOut)).test;
  const { html, json, evaluations, door } = await writeReport({
    photographs: test ? all.filter(({ person }) => test.includes(person)) : all,
    folder: data,
    encoders: encoder,
    modelsFolder: defaultModelsFolder(),
    out,
    attacks: attacks === undefined ? undefined : await readAttacksFolder(attacks),
    streams,
    note: test && `Only the ${test.length} people whom the training run ${heldOut} never saw.`,
    progress: {
      onUnusable: ({ path }, reason) => say(`passed over ${path}: ${reason}`),
      onProgress: (done, total) => {
        if (done % 500 === 0 || done === total) say(`${done} of ${total} photographs`);
      },
    },
  });
  for (const { name, eer, atFmr } of evaluations) {
    const [, strict] = atFmr;
    say(`${name}: equal error rate ${percent(eer.eer)}, true matches at an FMR of 1e-3 ${percent(strict.tmr.rate)}`);
  }
  for (const { presented, apcer, bpcer } of door.attackDetection) {
    const attacked = apcer.map(({ species, rate }) => `APCER ${species} ${share(rate)}`);
    say(`liveness on ${presented}: ${[`BPCER ${share(bpcer)}`, ...attacked].join(', ')}`);
  }
  for (const { templates, liveness, granted, misnamed, impostorsGranted } of door.streams ?? []) {
    say(
      `streams, ${templates} template(s) each, liveness ${liveness ? 'on' : 'off'}: granted ${share(granted)}, as another ${share(misnamed)}, strangers ${share(impostorsGranted)}`,
    );
  }
  say(`${html} and ${json}`);
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const share = ({ rate, count, of }: Rate) => (of === 0 ? '-' : `${percent(rate)} (${count} of ${of})`);

try {
  await main();
} catch (error) {
  process.stderr.write(`evaluate: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
