import type { FiguresOf } from './bench.js';
import { daemon } from './daemon.js';
import { flood } from './flood.js';
import { frame } from './frame.js';
import { faces, sizes } from './growth.js';
import { peers } from './peers/compare.js';
import { people } from './people.js';
import { quiet } from './quiet.js';
import { soak } from './soak.js';
import { stream } from './stream.js';

/** Everything that can be measured, in the order in which it is. */
export const benches = { frame, faces, sizes, daemon, quiet, stream, people, peers, flood, soak };

export type BenchName = keyof typeof benches;

/** What runs where nothing is named: a few minutes, nothing to install. */
export const quickSet: readonly BenchName[] = ['frame', 'faces', 'sizes', 'daemon', 'quiet', 'stream'];

/** The figures of the benches that ran. */
export type Results = { readonly [Name in BenchName]?: FiguresOf<(typeof benches)[Name]> };

/** @throws Error for a name that is none, with those that are */
export function benchNames(names: readonly string[]): BenchName[] {
  const known = Object.keys(benches) as BenchName[];
  const unknown = names.filter((name) => !(known as string[]).includes(name));
  if (unknown.length > 0) throw new Error(`expected one of ${known.join(', ')}; received ${unknown.join(', ')}`);
  return known.filter((name) => names.includes(name));
}
