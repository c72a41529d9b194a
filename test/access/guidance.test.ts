import { describe, expect, it } from 'vitest';
import { advise, nothingToSay, type Guidance } from '../../src/access/guidance.js';
import type { QualityRejection } from '../../src/events.js';

/** What is said over frames 100 ms apart: each time that something new is said. */
function said(frames: readonly (QualityRejection | undefined)[]): QualityRejection[] {
  const told: QualityRejection[] = [];
  let guidance: Guidance = nothingToSay;
  frames.forEach((rejection, i) => {
    const next = advise(guidance, rejection, i * 100);
    if (next.told && next.told !== guidance.told) told.push(next.told);
    guidance = next;
  });
  return told;
}

const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value);

describe('what a person is told', () => {
  it('is said once, when it has lasted for 300 ms', () => {
    expect(said(times(3, 'too_small'))).toEqual([]);
    expect(said(times(30, 'too_small'))).toEqual(['too_small']);
  });

  it('is not a word about single frames, however many', () => {
    expect(said(Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? 'blurred' : undefined)))).toEqual([]);
    expect(said(Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 'blurred' : 'too_dark')))).toEqual([]);
  });

  it('follows a change, and is not repeated after a good frame', () => {
    expect(said([...times(5, 'too_small' as const), ...times(5, 'too_dark' as const)])).toEqual(['too_small', 'too_dark']);
    expect(said([...times(5, 'too_small' as const), undefined, ...times(5, 'too_small' as const)])).toEqual(['too_small']);
  });
});
