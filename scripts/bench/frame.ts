/** `frame`: where the time of one frame goes, and what is spent beside the models. */
import { columns } from '../../src/commands/output.js';
import { cell, type Bench, type Say } from './bench.js';
import { onePerson } from './scenes.js';
import { median } from './statistics.js';
import { openWay, tuneForBench, type Pass, type Took, type Way, type WaySettings } from './way.js';

const WARM_UP = 20;
const RUNS = 150;

export interface FrameFigures {
  readonly picture: string;
  readonly runs: number;
  readonly ways: readonly WayFigures[];
  /** Its networks as they were shipped, one thread. */
  readonly shippedAlone: Took;
  /** The whole way without liveness on one thread over its networks alone, as they are tuned and as they were shipped. */
  readonly ratio: Took;
  readonly ratioShipped: Took;
}

/** Medians. */
export interface WayFigures extends Required<WaySettings> {
  readonly stagesMs: Readonly<Record<string, number>>;
  /** Its processor time is what a frame costs in energy, as far as software can tell. */
  readonly whole: Took;
  /** Its networks alone, on the very tensors. */
  readonly modelsAlone: Took;
}

const settings: readonly Required<WaySettings>[] = [
  { threads: 1, liveness: false, tuned: true },
  { threads: 1, liveness: true, tuned: true },
  { threads: 2, liveness: false, tuned: true },
  { threads: 2, liveness: true, tuned: true },
];

/** The whole way and its models alone take turns in one run, so that whatever else the machine does weighs on both. */
async function measure(say: Say): Promise<FrameFigures> {
  await tuneForBench(say);
  const jpeg = await onePerson();
  const ways = await Promise.all(settings.map((one) => openWay(one)));
  const shipped = await openWay({ threads: 1, liveness: false, tuned: false });
  const taken = ways.map((): { passes: Pass[]; alone: Took[] } => ({ passes: [], alone: [] }));
  const shippedAlone: Took[] = [];
  const recorded = await Promise.all(ways.map((way) => way.record(jpeg)));
  for (let run = -WARM_UP; run < RUNS; run++) {
    for (const [i, way] of ways.entries()) {
      const pass = await way.whole(jpeg);
      const alone = await way.models(recorded[i]);
      // Beside the first, so that nothing of the others comes between.
      const asShipped = i === 0 ? await shipped.models(recorded[0]) : undefined;
      if (run < 0) continue;
      taken[i].passes.push(pass);
      taken[i].alone.push(alone);
      if (asShipped) shippedAlone.push(asShipped);
    }
    if ((run + 1) % 50 === 0) say(`${run + 1} of ${RUNS} runs`);
  }
  await release([...ways, shipped]);

  const figures = taken.map(({ passes, alone }, i): WayFigures => ({
    ...settings[i],
    stagesMs: Object.fromEntries(
      Object.keys(passes[0].stagesMs).map((stage) => [stage, median(passes.map(({ stagesMs }) => stagesMs[stage]))]),
    ),
    whole: medians(passes),
    modelsAlone: medians(alone),
  }));
  const [{ whole, modelsAlone }] = figures;
  const as = medians(shippedAlone);
  return {
    ...{ picture: '640x480 JPEG, one face', runs: RUNS, ways: figures, shippedAlone: as },
    ratio: { ms: whole.ms / modelsAlone.ms, cpuMs: whole.cpuMs / modelsAlone.cpuMs },
    ratioShipped: { ms: whole.ms / as.ms, cpuMs: whole.cpuMs / as.cpuMs },
  };
}

const medians = (all: readonly Took[]): Took => ({
  ms: median(all.map(({ ms }) => ms)),
  cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
});

/** One after the other: each waits for its last run. */
export async function release(ways: readonly Way[]): Promise<void> {
  for (const way of ways) await way.release();
}

function report({ picture, runs, ways, shippedAlone, ratio, ratioShipped }: FrameFigures): string {
  const stages = Object.keys(ways[1].stagesMs);
  const line = (name: string, value: (way: WayFigures) => number) => [name, ...ways.map((way) => cell(value(way), 2))];
  const heading = ways.map(
    ({ threads, liveness }) => `${threads} thread${threads > 1 ? 's' : ''}${liveness ? ', liveness' : ''}`,
  );
  const rows = [
    ...stages.map((stage) => line(stage, ({ stagesMs }) => stagesMs[stage])),
    line('the whole way', ({ whole }) => whole.ms),
    line('its models alone', ({ modelsAlone }) => modelsAlone.ms),
    line('whole over models', ({ whole, modelsAlone }) => whole.ms / modelsAlone.ms),
    line('CPU of a frame', ({ whole }) => whole.cpuMs),
    line('CPU of its models', ({ modelsAlone }) => modelsAlone.cpuMs),
  ];
  const both = ({ ms, cpuMs }: Took) => `${ms.toFixed(2)} (${cpuMs.toFixed(2)} in processor time)`;
  return (
    `${picture}: medians in ms of ${runs} runs that take turns\n${columns(['STAGE', ...heading], rows)}\n` +
    `on one thread without liveness, the whole way over its models alone: ${both(ratio)};\n` +
    `over the same models as they were shipped, which take ${shippedAlone.ms.toFixed(2)} ms: ${both(ratioShipped)}`
  );
}

export const frame: Bench<FrameFigures> = {
  about: 'one frame by stage, against its models alone, 1 and 2 threads',
  measure,
  report,
};
