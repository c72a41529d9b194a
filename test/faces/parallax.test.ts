import { describe, expect, it } from 'vitest';
import { parallaxDeg } from '../../src/faces/parallax.js';
import { averageHead } from '../support/average-head.js';

describe('the parallax of a face', () => {
  it('is the turn of a head since it was at rest, whatever its size, place and tilt', () => {
    for (const rest of [0, -8, 10]) {
      for (const turn of [-30, -15, 0, 20, 35]) {
        for (const roll of [-15, 0, 20]) {
          const now = averageHead(rest + turn, 0, roll).map(({ x, y }) => ({ x: 1.3 * x - 90, y: 1.3 * y + 20 }));
          expect(parallaxDeg(averageHead(rest), now)).toBeCloseTo(turn, -1);
          expect(Math.abs(parallaxDeg(averageHead(rest), now) - turn)).toBeLessThan(4);
        }
      }
    }
  });

  it('is nothing for a flat picture, however it is tilted, turned and rolled', () => {
    const picture = (...held: [number, number, number]) => averageHead(...held, 0);
    for (const yaw of [-60, -30, 0, 45, 70]) {
      for (const pitch of [-40, 0, 30]) {
        for (const roll of [-30, 0, 60]) expect(parallaxDeg(picture(0, 0, 0), picture(yaw, pitch, roll))).toBeCloseTo(0, 6);
      }
    }
  });

  it('is nothing for a picture of a face that looks aside, which a pose by an average face takes for turned', () => {
    const aside = averageHead(15);
    const tilted = aside.map(({ x, y }) => ({ x: 0.6 * x + 0.1 * y, y }));
    expect(parallaxDeg(aside, tilted)).toBeCloseTo(0, 6);
  });

  it('is no number where a landmark is none', () => {
    const broken = averageHead(20).with(40, { x: NaN, y: 0 });
    expect(parallaxDeg(averageHead(0), broken)).toBeNaN();
    expect(parallaxDeg(broken, averageHead(0))).toBeNaN();
  });
});
