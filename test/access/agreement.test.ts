import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { opinionOf, type AgreementRules, type Vote } from '../../src/access/agreement.js';

const rules: AgreementRules = { threshold: 0.7, agreeFrames: 3, windowFrames: 5, minMargin: 0.05 };
const ada = { id: 'a', name: 'Ada' };
const bob = { id: 'b', name: 'Bob' };
const vote = (person: typeof ada, distance: number, runnerUpDistance = 1.2, liveness?: number): Vote => ({
  atMs: 0,
  person,
  distance,
  runnerUpDistance,
  ...(liveness !== undefined && { liveness }),
});
const nobody: Vote = { atMs: 0, distance: Infinity, runnerUpDistance: Infinity };

describe('the opinion of several frames', () => {
  it('agrees when enough frames name the same person below the threshold', () => {
    expect(opinionOf([vote(ada, 0.5), vote(ada, 0.6), vote(ada, 0.4)], rules)).toEqual({
      kind: 'agreed',
      person: ada,
      distance: 0.5,
    });
  });

  it('doubts while there are too few frames, or none', () => {
    expect(opinionOf([vote(ada, 0.1), vote(ada, 0.1)], rules)).toMatchObject({ kind: 'doubt', reason: 'unknown' });
    expect(opinionOf([], rules)).toEqual({ kind: 'doubt', reason: 'unknown' });
  });

  it('takes a distance of exactly the threshold, and one that is no number, for no match', () => {
    for (const distance of [0.7, NaN, Infinity]) {
      const votes = Array.from({ length: 5 }, () => vote(ada, distance));
      expect(opinionOf(votes, rules)).toMatchObject({ kind: 'doubt', reason: 'unknown' });
    }
  });

  it('doubts when the mean over the frames that are nearest to the person is not below the threshold', () => {
    const votes = [vote(ada, 0.65), vote(ada, 0.65), vote(ada, 0.65), vote(ada, 0.9), vote(ada, 0.9)];
    expect(opinionOf(votes, rules)).toMatchObject({ kind: 'doubt' });
  });

  it('calls it ambiguous when two people match, or when the runner-up is too near', () => {
    expect(opinionOf([vote(ada, 0.4), vote(bob, 0.6), vote(ada, 0.4), vote(ada, 0.4)], rules)).toMatchObject({
      reason: 'ambiguous',
    });
    const twins = Array.from({ length: 5 }, () => vote(ada, 0.5, 0.52));
    expect(opinionOf(twins, rules)).toMatchObject({ reason: 'ambiguous' });
  });

  it('counts only the last frames of the window', () => {
    const votes = [vote(ada, 0.4), vote(ada, 0.4), vote(ada, 0.4), nobody, nobody, nobody];
    expect(opinionOf(votes, rules)).toMatchObject({ kind: 'doubt', reason: 'unknown' });
  });

  it('counts a frame that was not judged for life as one of a picture, so that others lend it none', () => {
    const alive = { ...rules, minLiveness: 0.7 };
    const judged = vote(ada, 0.3, 1, 0.95);
    expect(opinionOf([judged, judged, judged], alive)).toMatchObject({ kind: 'agreed' });
    expect(opinionOf([judged, judged, vote(ada, 0.3)], alive)).toMatchObject({ kind: 'doubt', reason: 'spoof' });
  });

  it('takes low or missing liveness for a spoof, whoever it shows', () => {
    const alive = { ...rules, minLiveness: 0.5 };
    expect(opinionOf([vote(ada, 0.3, 1, 0.1), vote(ada, 0.3, 1, 0.2), vote(ada, 0.3, 1, 0.1)], alive)).toMatchObject({
      reason: 'spoof',
    });
    expect(opinionOf([vote(ada, 0.3), vote(ada, 0.3), vote(ada, 0.3)], alive)).toMatchObject({ reason: 'spoof' });
    expect(opinionOf([vote(ada, 0.3, 1, 0.9), vote(ada, 0.3, 1, 0.9), vote(ada, 0.3, 1, 0.9)], alive)).toMatchObject({
      kind: 'agreed',
    });
  });

  it('takes the liveness of the very frames that agree: others of the window lend them none', () => {
    const alive = { ...rules, minLiveness: 0.5 };
    const print = vote(ada, 0.3, 1.2, 0.2);
    const bystander = vote(ada, 0.8, 1.2, 1);
    const opinion = opinionOf([bystander, bystander, print, print, print], alive);
    expect(opinion).toMatchObject({ kind: 'doubt', reason: 'spoof' });
    expect(opinion.liveness).toBeCloseTo(0.2);
  });

  it('never agrees on anything but agreeFrames clear matches of one person (property)', () => {
    const anyVote = fc.record({
      atMs: fc.constant(0),
      person: fc.constantFrom(ada, bob),
      distance: fc.double({ min: 0, max: 2 }),
      runnerUpDistance: fc.double({ min: 0, max: 2 }),
    });
    fc.assert(
      fc.property(fc.array(anyVote, { maxLength: 12 }), (votes) => {
        const opinion = opinionOf(votes, rules);
        if (opinion.kind !== 'agreed') return;
        const window = votes.slice(-rules.windowFrames);
        const clear = window.filter(
          (v) => v.person.id === opinion.person.id && v.distance < 0.7 && v.runnerUpDistance - v.distance >= rules.minMargin,
        );
        expect(clear.length).toBeGreaterThanOrEqual(rules.agreeFrames);
        expect(window.every((v) => v.person.id === opinion.person.id || !(v.distance < 0.7))).toBe(true);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });
});
