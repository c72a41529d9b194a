import { describe, expect, it } from 'vitest';
import { evaluate } from '../../scripts/training/evaluation/evaluate.js';
import { identify } from '../../scripts/training/evaluation/identification.js';
import { embeddingMap } from '../../scripts/training/evaluation/map.js';
import { hardestPairs } from '../../src/identity/calibration/hardest-pairs.js';
import { createRandom } from '../../scripts/training/random.js';

/** Unit vectors of `people` people with `each` photographs: apart by about 1.4, a person's own by `spread`. */
function vectorsOf(people: number, each: number, spread: number, seed = 1) {
  const random = createRandom(seed);
  const draw = (around: readonly number[], by: number) => {
    const values = around.map((value) => value + random.normal() * by);
    const length = Math.hypot(...values);
    return Float32Array.from(values, (value) => value / length);
  };
  const all = Array.from({ length: people }, (_, person) => {
    const centre = [...draw(new Array<number>(32).fill(0), 1)];
    return Array.from({ length: each }, () => ({ person: `p${person}`, vector: draw(centre, spread) }));
  }).flat();
  return { vectors: all.map(({ vector }) => vector), people: all.map(({ person }) => person) };
}

// On a line: person a at 0, 1, 2 and 3, person b at 10, 11, 12 and 4.
const line = [0, 1, 2, 3, 10, 11, 12, 4].map((x) => Float32Array.of(x));
const owners = ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'];

describe('identification', () => {
  it('judges the photographs after the templates, with each person left out in turn', () => {
    const [one, three] = identify(line, owners, 2.5, [1, 3]);
    // Probes are the fourth photographs: 3 and 4. One template: 0 and 10.
    expect(one).toMatchObject({
      templates: 1,
      // 3 is nearer to 0 than to 10; 4 is nearer to 0 than to 10, and that is wrong.
      rank1: { count: 1, of: 2 },
      identified: { count: 0 },
      misnamed: { count: 0 },
      strangersLetIn: { count: 0 },
    });
    // Three templates: 3 is 1 from 2; 4 is 2 from 2, which is somebody else.
    expect(three).toMatchObject({
      templates: 3,
      rank1: { count: 1, of: 2 },
      identified: { count: 1 },
      misnamed: { count: 1 },
      strangersLetIn: { count: 1 },
    });
  });

  it('has no probes of people with no photograph beyond the templates', () => {
    const [{ rank1 }] = identify(line, owners, 1, [5]);
    expect(rank1).toMatchObject({ of: 0 });
  });

  it('names more people rightly the more templates there are', () => {
    const { vectors, people } = vectorsOf(12, 10, 0.35);
    const [one, three, five] = identify(vectors, people, 1.1).map(({ rank1 }) => rank1.rate);
    expect(three).toBeGreaterThan(one);
    expect(five).toBeGreaterThanOrEqual(three);
  });
});

describe('the hardest pairs', () => {
  it('are the nearest of two people and the farthest of one', () => {
    const { nearestImpostors, farthestGenuine } = hardestPairs(line, owners, 2);
    expect(nearestImpostors).toEqual([
      { a: 3, b: 7, distance: 1 },
      { a: 2, b: 7, distance: 2 },
    ]);
    expect(farthestGenuine).toEqual([
      { a: 6, b: 7, distance: 8 },
      { a: 5, b: 7, distance: 7 },
    ]);
  });
});

describe('the map', () => {
  it('puts people together, the same way each time', () => {
    const { vectors, people } = vectorsOf(4, 8, 0.1);
    const map = embeddingMap(vectors);
    expect(embeddingMap(vectors)).toEqual(map);
    const mean = (same: boolean) => {
      const distances = map.flatMap((a) =>
        map.flatMap((b) =>
          a.index < b.index && (people[a.index] === people[b.index]) === same ? [Math.hypot(a.x - b.x, a.y - b.y)] : [],
        ),
      );
      return distances.reduce((sum, distance) => sum + distance, 0) / distances.length;
    };
    expect(mean(true)).toBeLessThan(mean(false) / 2);
  });

  it('is drawn of a few hundred out of thousands, and even of three', () => {
    const { vectors } = vectorsOf(3, 1, 0.1);
    expect(embeddingMap(vectors)).toHaveLength(3);
  });
});

describe('an evaluation', () => {
  const { vectors, people } = vectorsOf(8, 7, 0.35);
  const evaluation = evaluate('test', vectors, people, 0.9);

  it('counts every pair once', () => {
    expect(evaluation).toMatchObject({ genuinePairs: 8 * 21, impostorPairs: 28 * 49 });
    expect(evaluation.atTheDoor).toMatchObject({ threshold: 0.9, tmr: { of: 168 }, fmr: { of: 1372 } });
  });

  it('gets stricter from rate to rate, and says which rates the pairs cannot show', () => {
    const rates = evaluation.atFmr.map(({ tmr }) => tmr.rate);
    expect(rates).toEqual([...rates].sort((x, y) => y - x));
    expect(evaluation.atFmr.map(({ resolved }) => resolved)).toEqual([true, true, false, false]);
    for (const { target, fmr } of evaluation.atFmr) expect(fmr.rate).toBeLessThanOrEqual(target);
  });

  it('shares out all pairs in the histogram', () => {
    for (const shares of [evaluation.histogram.genuine, evaluation.histogram.impostor]) {
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 10);
    }
  });

  it('is refused without two photographs of one person', () => {
    expect(() => evaluate('test', vectors.slice(0, 2), ['a', 'b'], undefined)).toThrow(/received 0 genuine and 1 impostor pairs/);
  });
});
