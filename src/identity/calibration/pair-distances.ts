/** Distances of pairs of photographs: of one person, and of two. Ascending. */
export interface PairDistances {
  readonly genuine: Float64Array;
  readonly impostor: Float64Array;
}

/** How many of the ascending values are less than `threshold`. */
export function countBelow(values: Float64Array, threshold: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < threshold) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Distances of all pairs of vectors, by whether both are of one person. */
export function pairDistances(vectors: readonly Float32Array[], people: readonly string[]): PairDistances {
  const times = new Map<string, number>();
  for (const person of people) times.set(person, (times.get(person) ?? 0) + 1);
  const genuinePairs = [...times.values()].reduce((sum, n) => sum + (n * (n - 1)) / 2, 0);
  const genuine = new Float64Array(genuinePairs);
  const impostor = new Float64Array((people.length * (people.length - 1)) / 2 - genuinePairs);
  let g = 0;
  let m = 0;
  for (let i = 0; i < vectors.length; i++) {
    for (let j = i + 1; j < vectors.length; j++) {
      const distance = l2(vectors[i], vectors[j]);
      if (people[i] === people[j]) genuine[g++] = distance;
      else impostor[m++] = distance;
    }
  }
  return { genuine: genuine.sort(), impostor: impostor.sort() };
}

/** Euclidean distance. */
export function l2(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum);
}
