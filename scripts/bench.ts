// Measures the door (docs/performance.md): see --help.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { Command } from 'commander';
import { reasonOf } from '../src/errors.js';
import type { Bench } from './bench/bench.js';
import { benches, benchNames, quickSet, type Results } from './bench/benches.js';
import { picture } from './bench/chart/picture.js';
import { describeMachine, type Machine } from './bench/machine.js';

interface Options {
  readonly peers?: boolean;
  readonly people?: boolean;
  readonly json?: boolean;
  readonly out?: string;
  readonly svg?: string;
}

/** What `--out` keeps. */
type Kept = Results & { readonly machine?: Machine; readonly measuredAt?: string };

const list = Object.entries(benches).map(([name, { about }]) => `  ${name.padEnd(8)} ${about}`);
const program = new Command('npm run bench --')
  .description('Measures the door on this machine. Progress goes to standard error, figures to standard output.')
  .argument('[bench...]', `what to measure; unless given: ${quickSet.join(', ')}`)
  .option('--people', 'the same as "people"')
  .option('--peers', 'the same as "peers"')
  .option('--json', 'figures as one line of JSON')
  .option('--out <file>', 'figures as JSON in a file; what the file holds of other benches stays')
  .option('--svg <file>', 'figures as a picture, those in the file of --out as well')
  .addHelpText('after', `\nBenches:\n${list.join('\n')}`);

async function main(): Promise<void> {
  program.parse();
  const { peers, people, json, out, svg } = program.opts<Options>();
  const wanted = [...program.args, ...(peers ? ['peers'] : []), ...(people ? ['people'] : [])];
  const names = wanted.length > 0 ? benchNames(wanted) : quickSet;
  const earlier = out === undefined ? {} : await readKept(out);
  const results: Record<string, unknown> = {};
  const machine = describeMachine();
  for (const [index, name] of names.entries()) {
    const start = performance.now();
    const say = (line: string) =>
      void process.stderr.write(
        `bench ${index + 1}/${names.length} ${name}, ${((performance.now() - start) / 1000).toFixed(0)} s: ${line}\n`,
      );
    say(benches[name].about);
    // Each name has its own figures; what belongs together is known to the table alone.
    const bench = benches[name] as Bench<unknown>;
    const figures = await bench.measure(say);
    results[name] = figures;
    if (!json) process.stdout.write(`\n== ${name}: ${bench.about}\n${bench.report(figures)}\n`);
  }
  const measured = { machine, measuredAt: new Date().toISOString(), ...results };
  const all: Kept = { ...earlier, ...measured };
  if (json) process.stdout.write(`${JSON.stringify(measured)}\n`);
  if (out !== undefined) await writeFile(out, `${JSON.stringify(all, undefined, 2)}\n`);
  if (svg !== undefined) await writeFile(svg, picture(all, machine));
}

async function readKept(path: string): Promise<Kept> {
  const text = existsSync(path) ? await readFile(path, 'utf8') : '{}';
  return JSON.parse(text) as Kept;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${reasonOf(error)}\n`);
  process.exitCode = 1;
}
// Native libraries keep threads alive.
process.exit();
