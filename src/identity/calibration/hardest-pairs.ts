import { l2 } from './pair-distances.js';

/** Two photographs by their numbers. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly distance: number;
}

/** The pairs that an encoder finds hardest. */
export interface Mistakes {
  /** Two people who look alike to it, the nearest first. */
  readonly nearestImpostors: readonly Pair[];
  /** One person whose photographs do not look alike to it, the farthest first. */
  readonly farthestGenuine: readonly Pair[];
}

export function hardestPairs(vectors: readonly Float32Array[], people: readonly string[], count: number): Mistakes {
  const impostors = keepBest(count, (x, y) => x.distance - y.distance);
  const genuine = keepBest(count, (x, y) => y.distance - x.distance);
  for (let a = 0; a < vectors.length; a++) {
    for (let b = a + 1; b < vectors.length; b++) {
      (people[a] === people[b] ? genuine : impostors).offer({ a, b, distance: l2(vectors[a], vectors[b]) });
    }
  }
  return { nearestImpostors: impostors.pairs, farthestGenuine: genuine.pairs };
}

/** The `count` first pairs in an order, of however many. */
function keepBest(count: number, order: (x: Pair, y: Pair) => number) {
  const pairs: Pair[] = [];
  return {
    pairs,
    offer(pair: Pair): void {
      if (pairs.length === count && order(pair, pairs[count - 1]) >= 0) return;
      pairs.push(pair);
      pairs.sort(order);
      if (pairs.length > count) pairs.pop();
    },
  };
}
