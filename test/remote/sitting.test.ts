import { describe, expect, it } from 'vitest';
import type { Embedding } from '../../src/identity/embedding.js';
import { Sitting, type Look } from '../../src/remote/sitting.js';

/** People on a line: the distance is that between their numbers. */
const who = (at: number): Embedding => ({ encoder: 'line', vector: Float32Array.of(at) });
const distance = (a: Embedding, b: Embedding) => Math.abs(a.vector[0] - b.vector[0]);

const look = (changes: Partial<Look['quality']> = {}, at = 0): Look => ({
  quality: { yawDeg: 0, pitchDeg: 10, facePx: 100, score: 0.5, ...changes },
  embedding: who(at),
  framePx: 480,
});
const times = (count: number, changes?: Partial<Look['quality']>) => Array.from({ length: count }, () => look(changes));

describe('a sitting', () => {
  it('asks for five looks and keeps the best frame of each', () => {
    const sitting = new Sitting(distance);
    const poses: Partial<Look['quality']>[] = [
      { yawDeg: 3 },
      { yawDeg: 20 },
      { yawDeg: -15 },
      { pitchDeg: 19, yawDeg: 3 },
      { facePx: 125 },
    ];
    const asked = [];
    for (const [index, pose] of poses.entries()) {
      asked.push(sitting.asked);
      for (const score of [0.3, 0.9, 0.6]) sitting.see(look({ ...pose, score }));
      expect(sitting.kept).toHaveLength(index + 1);
    }
    expect(asked).toEqual(['straight', 'left', 'right', 'up', 'closer']);
    expect(sitting.asked).toBeUndefined();
    expect(sitting.kept.map(({ quality }) => quality.score)).toEqual([0.9, 0.9, 0.9, 0.9, 0.9]);
  });

  it('takes nothing that was not asked for', () => {
    const sitting = new Sitting(distance);
    for (const wrong of times(20, { yawDeg: 25 })) sitting.see(wrong);
    expect(sitting.kept).toEqual([]);
    for (const straight of times(3)) sitting.see(straight);
    for (const wrong of [...times(10), ...times(10, { yawDeg: -20 }), ...times(10, { yawDeg: 45 })]) sitting.see(wrong);
    expect(sitting.asked).toBe('left');
  });

  it('measures turns against how this person looks straight ahead', () => {
    const sitting = new Sitting(distance);
    for (const straight of times(3, { yawDeg: -8, pitchDeg: -5 })) sitting.see(straight);
    for (const left of times(3, { yawDeg: 4, pitchDeg: -5 })) sitting.see(left);
    expect(sitting.asked).toBe('right');
  });

  it('takes a face that fills the picture as close enough', () => {
    const sitting = new Sitting(distance);
    const large = { facePx: 300 };
    for (const pose of [large, { ...large, yawDeg: 20 }, { ...large, yawDeg: -20 }, { ...large, pitchDeg: 20 }, large]) {
      for (const frame of times(3, pose)) sitting.see(frame);
    }
    expect(sitting.asked).toBeUndefined();
  });

  it('never mixes two people: one strange frame is passed over, three in a row end it', () => {
    const sitting = new Sitting(distance);
    expect(sitting.see(look())).toBeUndefined();
    expect(sitting.see(look({ score: 1 }, 0.8))).toBeUndefined();
    expect(sitting.see(look())).toBeUndefined();
    expect(sitting.see(look())).toBe('kept');
    expect(sitting.kept[0].embedding.vector[0]).toBe(0);
    const strange = [0.8, 0.8, 0.8].map((at) => sitting.see(look({ yawDeg: 20 }, at)));
    expect(strange).toEqual([undefined, undefined, 'stranger']);
  });

  it('takes a distance that is no number for a stranger', () => {
    const sitting = new Sitting(() => NaN);
    expect([look(), look(), look(), look()].map((frame) => sitting.see(frame))).toEqual([
      undefined,
      undefined,
      undefined,
      'stranger',
    ]);
  });
});
