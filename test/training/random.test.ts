import { describe, expect, it } from 'vitest';
import { createRandom, restoreRandom } from '../../scripts/training/random.js';

describe('random numbers', () => {
  it('are the same for the same seed and unrelated for its neighbour', () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return Array.from({ length: 1000 }, () => random.next());
    };
    expect(draw(1)).toEqual(draw(1));
    const [a, b] = [draw(1), draw(2)];
    const product = a.reduce((sum, value, i) => sum + (value - 0.5) * (b[i] - 0.5), 0) / 1000;
    expect(Math.abs(product) * 12).toBeLessThan(0.1);
  });

  it('go on from a stored state as if they had never stopped', () => {
    const random = createRandom(9);
    for (let i = 0; i < 100; i++) random.normal();
    const restored = restoreRandom(JSON.parse(JSON.stringify(random.state)) as typeof random.state);
    expect(Array.from({ length: 50 }, () => restored.normal())).toEqual(Array.from({ length: 50 }, () => random.normal()));
  });

  it('are uniform in [0, 1), and normal with mean 0 and deviation 1', () => {
    const random = createRandom(3);
    const bins = new Array<number>(10).fill(0);
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < 100_000; i++) {
      bins[random.integer(10)]++;
      const value = random.normal();
      sum += value;
      squares += value * value;
    }
    for (const count of bins) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    expect(Math.abs(sum / 100_000)).toBeLessThan(0.02);
    expect(squares / 100_000).toBeCloseTo(1, 1);
  });

  it('shuffle without losing or doubling anything', () => {
    const items = Array.from({ length: 20 }, (_, i) => i);
    const shuffled = createRandom(4).shuffled(items);
    expect(shuffled).not.toEqual(items);
    expect([...shuffled].sort((a, b) => a - b)).toEqual(items);
  });

  it('fork into a stream that does not move the first one along with it', () => {
    const [a, b] = [createRandom(5), createRandom(5)];
    const fork = a.fork();
    b.fork();
    for (let i = 0; i < 10; i++) fork.next();
    expect(a.next()).toBe(b.next());
  });
});
