/** `faces` and `sizes`: how the cost of a frame grows with what is on it. */
import { columns } from '../../src/commands/output.js';
import { cell, type Bench } from './bench.js';
import { release } from './frame.js';
import { MOST_PEOPLE, onePerson, peopleInRow, VGA, type Size } from './scenes.js';
import { median } from './statistics.js';
import { openWay, tuneForBench, type Pass } from './way.js';

const WARM_UP = 5;
const RUNS = 40;

export interface GrowthFigures {
  readonly runs: number;
  /** One thread, medians. */
  readonly rows: readonly GrowthRow[];
}

export interface GrowthRow {
  readonly what: string;
  /** The number that grows: faces, or pixels. */
  readonly amount: number;
  readonly wholeMs: number;
  readonly wholeWithLivenessMs: number;
  /** Without liveness. */
  readonly stagesMs: Readonly<Record<string, number>>;
}

interface Scene {
  readonly what: string;
  readonly amount: number;
  readonly faces: number;
  readonly jpeg: Buffer;
}

async function measureScenes(scenes: readonly Scene[]): Promise<GrowthFigures> {
  await tuneForBench();
  const plain = await openWay({ threads: 1, liveness: false });
  const withLiveness = await openWay({ threads: 1, liveness: true });
  const taken = scenes.map(() => ({ passes: [] as Pass[], withLiveness: [] as number[] }));
  for (let run = -WARM_UP; run < RUNS; run++) {
    for (const [i, { jpeg, faces }] of scenes.entries()) {
      const pass = await plain.whole(jpeg, faces);
      const { ms } = await withLiveness.whole(jpeg, faces);
      if (run < 0) continue;
      taken[i].passes.push(pass);
      taken[i].withLiveness.push(ms);
    }
  }
  await release([plain, withLiveness]);
  const rows = scenes.map(({ what, amount }, i): GrowthRow => {
    const { passes } = taken[i];
    const stages = Object.keys(passes[0].stagesMs);
    return {
      ...{ what, amount, wholeMs: median(passes.map(({ ms }) => ms)) },
      wholeWithLivenessMs: median(taken[i].withLiveness),
      stagesMs: Object.fromEntries(stages.map((stage) => [stage, median(passes.map(({ stagesMs }) => stagesMs[stage]))])),
    };
  });
  return { runs: RUNS, rows };
}

function report({ runs, rows }: GrowthFigures): string {
  const stages = Object.keys(rows[0].stagesMs);
  const heading = ['FRAME', 'whole ms', 'with liveness', ...stages];
  return (
    `medians of ${runs} runs that take turns, one thread\n` +
    columns(
      heading,
      rows.map(({ what, wholeMs, wholeWithLivenessMs, stagesMs }) => [
        what,
        ...[wholeMs, wholeWithLivenessMs, ...stages.map((stage) => stagesMs[stage])].map((ms) => cell(ms, 2)),
      ]),
    )
  );
}

export const faces: Bench<GrowthFigures> = {
  about: 'one, three and five faces in a frame',
  async measure() {
    const counts = [1, 3, MOST_PEOPLE];
    const scenes = counts.map(async (count) => ({
      ...{ what: `${count} face${count > 1 ? 's' : ''}`, amount: count, faces: count },
      jpeg: await peopleInRow(count),
    }));
    return measureScenes(await Promise.all(scenes));
  },
  report,
};

const sizesMeasured: readonly Size[] = [VGA, { width: 1280, height: 720 }, { width: 1920, height: 1080 }];

export const sizes: Bench<GrowthFigures> = {
  about: 'frames of 640x480, 1280x720 and 1920x1080',
  async measure() {
    const scenes = sizesMeasured.map(async (size) => ({
      ...{ what: `${size.width}x${size.height}`, amount: size.width * size.height, faces: 1 },
      jpeg: await onePerson(size),
    }));
    return measureScenes(await Promise.all(scenes));
  },
  report,
};
