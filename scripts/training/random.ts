/** A source of random numbers that can be stopped, stored and continued: a run that resumes draws the same numbers. */
export interface Random {
  /** Uniform in [0, 1), with 32 bits. */
  next(): number;
  /** Uniform in 0 .. below-1. */
  integer(below: number): number;
  /** Normal with mean 0 and deviation 1. */
  normal(): number;
  /** A new array in random order (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[];
  /** A stream of its own, so that what one part draws does not shift what another gets. */
  fork(): Random;
  /** What {@link restoreRandom} continues from. */
  readonly state: RandomState;
}

export type RandomState = readonly [number, number, number, number];

/** The stream of this seed (any 32-bit integer). */
export function createRandom(seed: number): Random {
  return restoreRandom(spread(seed));
}

/** The stream that had this state, from its next number on. Algorithm: sfc32 (PractRand, Doty-Humphrey). */
export function restoreRandom(state: RandomState): Random {
  let [a, b, c, counter] = state;

  function bits(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  }

  const random: Random = {
    next: () => bits() / 2 ** 32,
    integer: (below) => Math.floor(random.next() * below),
    // Box and Muller; the second value is dropped so that the state is these four numbers alone.
    normal: () => Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next()),
    shuffled(items) {
      const result = [...items];
      for (let i = result.length - 1; i > 0; i--) {
        const j = random.integer(i + 1);
        [result[i], result[j]] = [result[j], result[i]];
      }
      return result;
    },
    fork: () => createRandom(bits()),
    get state(): RandomState {
      return [a, b, c, counter];
    },
  };
  return random;
}

/** Four words from one (splitmix32), run in, so that neighbouring seeds give unrelated streams. */
function spread(seed: number): RandomState {
  let x = seed | 0;
  const word = () => {
    x = (x + 0x9e3779b9) | 0;
    let t = x ^ (x >>> 16);
    t = Math.imul(t, 0x21f0aaad);
    t ^= t >>> 15;
    t = Math.imul(t, 0x735a2d97);
    return (t ^ (t >>> 15)) | 0;
  };
  return [word(), word(), word(), 1];
}
