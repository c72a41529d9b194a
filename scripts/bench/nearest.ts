import { dotProduct } from '../../src/identity/distance.js';
import { NearestRows } from '../../src/identity/nearest/nearest-rows.js';
import { median } from './statistics.js';

export interface NearestFigures {
  readonly rows: number;
  readonly dimensions: number;
  /** What the door uses. */
  readonly nearestMs: number;
  /** Comparing with each row in float32, with four accumulators: the answer is the same. */
  readonly plainMs: number;
  /** The exact search of the npm package usearch, where it is installed (npm install --no-save usearch). */
  readonly usearchMs?: number;
  readonly megabytes: number;
}

const RUNS = 100;
const WARM_UP = 10;
const DIMENSIONS = 512;

/** A unit vector of normally distributed values: as far from everybody as anybody, the hardest case for a search. */
export function randomVector(dimensions = DIMENSIONS): Float32Array {
  const vector = Float32Array.from(
    { length: dimensions },
    () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random()),
  );
  const scale = 1 / Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value * scale);
}

/** The nearest of so many rows, each way in turn, so that whatever else the machine does weighs on all. */
export async function measureNearest(rows: number): Promise<NearestFigures> {
  const index = new NearestRows(DIMENSIONS);
  const flat = new Float32Array(rows * DIMENSIONS);
  for (let row = 0; row < rows; row++) {
    const vector = randomVector();
    flat.set(vector, row * DIMENSIONS);
    index.add(String(row), vector);
  }
  const usearch = await loadUsearch();
  const nearest: number[] = [];
  const plain: number[] = [];
  const native: number[] = [];
  for (let run = -WARM_UP; run < RUNS; run++) {
    const probe = randomVector();
    const ours = time(() => index.nearestTwo(probe).first?.owner);
    const theirs = time(() => plainNearest(flat, probe));
    const third = usearch && time(() => usearch(flat, probe));
    if (ours.answer !== String(theirs.answer)) throw new Error('the two searches should agree');
    if (run < 0) continue;
    nearest.push(ours.ms);
    plain.push(theirs.ms);
    if (third) native.push(third.ms);
  }
  return {
    ...{ rows, dimensions: DIMENSIONS, nearestMs: median(nearest), plainMs: median(plain) },
    ...(usearch && { usearchMs: median(native) }),
    megabytes: index.bytes / 1e6,
  };
}

function plainNearest(flat: Float32Array, probe: Float32Array): number {
  let best = -Infinity;
  let found = -1;
  for (let row = 0; row * DIMENSIONS < flat.length; row++) {
    const dot = dotProduct(probe, flat, row * DIMENSIONS);
    if (dot > best) {
      best = dot;
      found = row;
    }
  }
  return found;
}

async function loadUsearch(): Promise<((flat: Float32Array, probe: Float32Array) => unknown) | undefined> {
  // Not among the dependencies: only here for the comparison.
  const name = 'usearch';
  try {
    const library = ((await import(name)) as { default: Usearch }).default;
    return (flat, probe) => library.exactSearch(flat, probe, DIMENSIONS, 2, library.MetricKind.IP, 1);
  } catch {
    return undefined;
  }
}

interface Usearch {
  exactSearch(
    rows: Float32Array,
    probe: Float32Array,
    dimensions: number,
    count: number,
    metric: unknown,
    threads: number,
  ): unknown;
  readonly MetricKind: { readonly IP: unknown };
}

function time<T>(work: () => T): { readonly ms: number; readonly answer: T } {
  const start = performance.now();
  const answer = work();
  return { ms: performance.now() - start, answer };
}
