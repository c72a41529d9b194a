import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyAction, beginChallenge, stepChallenge, type Challenge } from '../../src/access/challenge.js';
import type { ChallengeAction } from '../../src/events.js';
import type { Movement } from '../../src/faces/movement.js';
import { averageHead } from '../support/average-head.js';

const OPEN = { right: 0.98, left: 0.97 };
const CLOSED = { right: 0.05, left: 0.1 };

/** A head that is turned: the eyes draw nearer as they do on a sphere. */
const head = (yawDeg: number, more: Partial<Movement> = {}): Movement => ({
  yawDeg,
  pitchDeg: 0,
  rollDeg: 0,
  lengthPx: 120,
  eyeSpan: 0.55 * Math.cos((yawDeg * Math.PI) / 180),
  landmarks: averageHead(yawDeg),
  eyes: OPEN,
  ...more,
});

function play(action: ChallengeAction, frames: readonly Movement[], stepMs = 100): Challenge {
  return frames.reduce((challenge, frame, i) => stepChallenge(challenge, frame, i * stepMs), beginChallenge(action, 0));
}

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);
const turn = (to: number) => [...times(3, head(0)), head(to / 2), head(to), head(to), head(to / 2), head(0)];

describe('the challenge to turn the head', () => {
  it('is passed by a head that turns to the right side, and failed by one that turns to the wrong side', () => {
    expect(play('turn_left', turn(30)).outcome).toBe('passed');
    expect(play('turn_right', turn(-30)).outcome).toBe('passed');
    expect(play('turn_left', turn(-30)).outcome).toBe('failed');
    expect(play('turn_right', turn(30)).outcome).toBe('failed');
  });

  it('stays open for a face that does nothing, turns too little, or was turned from the beginning', () => {
    expect(play('turn_left', times(50, head(0))).outcome).toBe('pending');
    expect(play('turn_left', turn(15)).outcome).toBe('pending');
    expect(play('turn_left', times(50, head(30))).outcome).toBe('pending');
  });

  it('is not passed by a single frame, which may be misread', () => {
    expect(play('turn_left', [head(0), head(35), head(0), head(35), head(0)]).outcome).toBe('pending');
  });

  it('is not passed by a picture whose pose is misread, because its landmarks moved as a plane moves', () => {
    const tilted = averageHead(50, 10, 0, 0);
    const still = { landmarks: averageHead(0, 0, 0, 0) };
    for (const yawDeg of [24, -24]) {
      const misread = { yawDeg, landmarks: tilted };
      const frames = [...times(3, head(0, still)), ...times(10, head(0, misread))];
      expect(play('turn_left', frames).outcome).toBe('pending');
    }
  });

  it('is not passed by a picture of somebody who looks aside, that is tilted first and then held straight', () => {
    // Tilted it is narrow and its turn does not show; straight it is turned, and no narrower than before.
    const aside = times(10, head(-34));
    expect(play('turn_right', [...times(3, head(-5)), ...aside]).outcome).toBe('passed');
    expect(play('turn_right', [...times(3, head(-5, { eyeSpan: 0.46 })), ...aside]).outcome).toBe('pending');
  });

  it('is not passed by a face that becomes longer or shorter meanwhile', () => {
    for (const lengthPx of [100, 145]) {
      expect(play('turn_left', [head(0), head(0), ...times(10, head(30, { lengthPx }))]).outcome).toBe('pending');
    }
  });

  it('is measured against two frames at rest that agree: a single one may be misread', () => {
    // The first frame shows a face at -12 degrees that is none; then the face turns by 12 alone.
    expect(play('turn_left', [head(-12), head(0), head(0), ...times(5, head(12)), head(0)]).outcome).toBe('pending');
    expect(play('turn_left', [head(-12), ...turn(30)]).outcome).toBe('passed');
  });

  it('is not passed by a picture that narrows more than a head does', () => {
    const narrow = head(24, { eyeSpan: 0.35 });
    expect(play('turn_left', [head(0), ...times(10, narrow)]).outcome).toBe('pending');
    // Nor is a picture that was tilted to begin with at rest.
    expect(play('turn_left', [head(0, { eyeSpan: 0.35 }), ...times(10, head(24))]).outcome).toBe('pending');
  });
});

describe('the challenge to blink', () => {
  const blink = (closed: number, more: Partial<Movement> = {}) => [
    ...times(3, head(0)),
    ...times(closed, head(0, { eyes: CLOSED, ...more })),
    ...times(3, head(0)),
  ];

  it('is passed by eyes that close and open again while the face is still', () => {
    expect(play('blink', blink(2)).outcome).toBe('passed');
    expect(play('blink', blink(5)).outcome).toBe('passed');
  });

  it('stays open for eyes that stay open, stay closed, close for a frame, or for too long', () => {
    expect(play('blink', times(50, head(0))).outcome).toBe('pending');
    expect(play('blink', times(50, head(0, { eyes: CLOSED }))).outcome).toBe('pending');
    expect(play('blink', [head(0), ...times(50, head(0, { eyes: CLOSED }))]).outcome).toBe('pending');
    expect(play('blink', blink(1)).outcome).toBe('pending');
    expect(play('blink', blink(30)).outcome).toBe('pending');
  });

  it('takes a wink for no blink, and one eye that is half closed for none either', () => {
    expect(play('blink', blink(3, { eyes: { right: 0.05, left: 0.9 } })).outcome).toBe('pending');
    expect(play('blink', blink(3, { eyes: { right: 0.45, left: 0.45 } })).outcome).toBe('pending');
  });

  it('is not passed by eyes that look closed because the picture is tilted, turned, rolled or brought nearer', () => {
    for (const moved of [{ pitchDeg: 12 }, { yawDeg: -12 }, { rollDeg: 12 }, { lengthPx: 135 }, { eyeSpan: 0.48 }]) {
      expect(play('blink', blink(3, moved)).outcome).toBe('pending');
    }
  });

  it('takes eyes that nobody read, or that could not be read, for nothing', () => {
    const { eyes: _, ...unread } = head(0);
    expect(play('blink', [...times(3, unread), ...blink(3, { eyes: { right: NaN, left: NaN } })]).outcome).toBe('pending');
  });
});

describe('any challenge', () => {
  it('is drawn from all three actions', () => {
    expect(new Set(Array.from({ length: 200 }, anyAction))).toEqual(new Set(['blink', 'turn_left', 'turn_right']));
  });

  it('keeps its outcome, whatever follows', () => {
    const passed = play('turn_left', turn(30));
    expect(stepChallenge(passed, head(-40), 9_000)).toBe(passed);
  });

  it('is never passed by frames of which nothing is a number', () => {
    const nothing: Movement = {
      yawDeg: NaN,
      pitchDeg: NaN,
      rollDeg: NaN,
      lengthPx: NaN,
      eyeSpan: NaN,
      landmarks: averageHead(NaN),
      eyes: { right: NaN, left: NaN },
    };
    for (const action of ['blink', 'turn_left', 'turn_right'] as const) {
      expect(play(action, times(20, nothing)).outcome).toBe('pending');
      expect(play(action, [...times(3, head(0)), ...times(20, nothing)]).outcome).toBe('pending');
    }
  });

  it('is never a turn by a flat picture, however its pose is misread (property)', () => {
    const angle = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
    const tilted = fc.record({
      yawDeg: angle(60),
      pitchDeg: angle(20),
      rollDeg: angle(30),
      lengthPx: fc.double({ min: 60, max: 200, noNaN: true }),
      eyeSpan: fc.double({ min: 0.3, max: 0.6, noNaN: true }),
      landmarks: fc.tuple(angle(70), angle(40), angle(60)).map((held) => averageHead(...held, 0)),
    });
    fc.assert(
      fc.property(fc.constantFrom('turn_left', 'turn_right'), fc.array(tilted, { maxLength: 80 }), (action, frames) => {
        expect(play(action, frames).outcome).toBe('pending');
      }),
      { numRuns: 300, seed: 12 },
    );
  });

  it('is never passed by a picture whose pose is read with an error of up to 9 degrees (property)', () => {
    const still = fc.record({
      yawDeg: fc.double({ min: -9, max: 9, noNaN: true }),
      pitchDeg: fc.double({ min: -20, max: 20, noNaN: true }),
      rollDeg: fc.double({ min: -30, max: 30, noNaN: true }),
      lengthPx: fc.double({ min: 60, max: 200, noNaN: true }),
      eyeSpan: fc.double({ min: 0.3, max: 0.6, noNaN: true }),
      // The landmarks may say whatever they like.
      landmarks: fc.integer({ min: -40, max: 40 }).map((yawDeg) => averageHead(yawDeg)),
      // One eye may be misread at any time.
      eyes: fc.record({ right: fc.constant(0.9), left: fc.double({ min: 0, max: 1, noNaN: true }) }),
    });
    fc.assert(
      fc.property(fc.constantFrom('blink', 'turn_left', 'turn_right'), fc.array(still, { maxLength: 80 }), (action, frames) => {
        expect(play(action, frames).outcome).toBe('pending');
      }),
      { numRuns: 1000, seed: 11 },
    );
  });
});
