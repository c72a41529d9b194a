import { restoreRandom, type Random, type RandomState } from '../random.js';

/** Where a sampler stands; plain data, for checkpoints. */
export interface SamplerState {
  readonly random: RandomState;
  /** People still to come in this round. */
  readonly people: readonly string[];
  /** Photographs (indices) of each person still to come in that person's round. */
  readonly photographs: Readonly<Record<string, readonly number[]>>;
}

/** Draws batches of P people with K photographs each. */
export interface BatchSampler {
  /** Indices of photographs, K of one person after K of another. */
  next(): number[];
  readonly state: SamplerState;
}

/**
 * Everybody comes once before anybody comes again, and so does each of a person's photographs. A person with fewer than K
 * photographs appears with some of them twice, changed differently by the augmentation.
 *
 * @param people who is on each photograph; those with a single one are passed over, they have no positive
 * @param start a new stream of random numbers, or the state of a sampler of the same photographs
 */
export function createBatchSampler(
  people: readonly string[],
  { peoplePerBatch, photographsEach }: { readonly peoplePerBatch: number; readonly photographsEach: number },
  start: Random | SamplerState,
): BatchSampler {
  const all = new Map<string, number[]>();
  people.forEach((person, index) => all.set(person, [...(all.get(person) ?? []), index]));
  for (const [person, indices] of all) if (indices.length < 2) all.delete(person);
  if (all.size < 2) throw new Error(`expected two people or more with two photographs or more each, received ${all.size}`);
  const inBatch = Math.min(peoplePerBatch, all.size);

  const continued = 'people' in start;
  const random = continued ? restoreRandom(start.random) : start.fork();
  let queue = continued ? [...start.people] : [];
  const queues = new Map(continued ? Object.entries(start.photographs).map(([person, indices]) => [person, [...indices]]) : []);

  function nextPeople(): string[] {
    const chosen: string[] = [];
    while (chosen.length < inBatch) {
      if (queue.length === 0) queue = random.shuffled([...all.keys()]);
      // Whoever is in the batch already, from the end of the round before, waits for the next one.
      const at = queue.findIndex((person) => !chosen.includes(person));
      if (at < 0) queue.push(...random.shuffled([...all.keys()].filter((person) => !queue.includes(person))));
      else chosen.push(...queue.splice(at, 1));
    }
    return chosen;
  }

  function nextPhotograph(person: string): number {
    let left = queues.get(person) ?? [];
    if (left.length === 0) left = random.shuffled(all.get(person) ?? []);
    const [index, ...rest] = left;
    queues.set(person, rest);
    return index;
  }

  return {
    next: () => nextPeople().flatMap((person) => Array.from({ length: photographsEach }, () => nextPhotograph(person))),
    get state() {
      return {
        random: random.state,
        people: [...queue],
        photographs: Object.fromEntries([...queues].map(([person, indices]) => [person, [...indices]])),
      };
    },
  };
}
