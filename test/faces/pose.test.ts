import { describe, expect, it } from 'vitest';
import type { Point } from '../../src/faces/face.js';
import { poseOf } from '../../src/faces/pose.js';
import { averageHead as seen } from '../support/average-head.js';

describe('the pose of a face', () => {
  it('is zero for a face that looks at the camera', () => {
    const { yawDeg, pitchDeg, rollDeg } = poseOf(seen(0, 0, 0));
    for (const angle of [yawDeg, pitchDeg, rollDeg]) expect(angle).toBeCloseTo(0, 0);
  });

  it('is the rotation of the mean face, whatever its size and place', () => {
    for (const yaw of [-60, -20, 0, 35]) {
      for (const pitch of [-30, 0, 25]) {
        for (const roll of [-50, 0, 20]) {
          const pose = poseOf(seen(yaw, pitch, roll));
          expect(pose.yawDeg).toBeCloseTo(yaw, 0);
          expect(pose.pitchDeg).toBeCloseTo(pitch, 0);
          expect(pose.rollDeg).toBeCloseTo(roll, 0);
        }
      }
    }
  });

  it('has a sign that says where the nose goes: positive yaw to the right of the picture, positive pitch upwards', () => {
    const nose = (points: Point[]) => points[30];
    expect(nose(seen(20, 0, 0)).x).toBeGreaterThan(nose(seen(0, 0, 0)).x);
    expect(nose(seen(0, 20, 0)).y).toBeLessThan(nose(seen(0, 0, 0)).y);
  });

  it('hardly turns for a flat picture that is held askew', () => {
    for (const tilt of [20, 40]) {
      expect(Math.abs(poseOf(seen(tilt, 0, 0, 0)).yawDeg)).toBeLessThan(5);
      expect(Math.abs(poseOf(seen(0, tilt, 0, 0)).pitchDeg)).toBeLessThan(5);
    }
  });

  it('is no number where a landmark is none', () => {
    const broken = seen(0, 0, 0).map((point, i) => (i === 30 ? { x: NaN, y: point.y } : point));
    expect(poseOf(broken).yawDeg).toBeNaN();
  });
});
