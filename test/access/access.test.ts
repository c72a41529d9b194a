import { describe, expect, it } from 'vitest';
import { createAccess, type AccessSettings, type SeenFace } from '../../src/access/access.js';
import type { Grant } from '../../src/access/grant.js';
import { defaultConfig } from '../../src/config.js';
import type { Happening } from '../../src/events.js';
import { createGallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakePolicy } from '../fakes/fake-policy.js';

const RAW_THRESHOLD = 1;
const encoder = 'test-encoder';

/** Unit vectors in the plane of two axes: the angle sets the distance (1 is about 60 degrees). */
function vector(axis: number, degrees = 0): Float32Array {
  const result = new Float32Array(8);
  const angle = (degrees * Math.PI) / 180;
  result[axis] = Math.cos(angle);
  result[7] += Math.sin(angle);
  return result;
}

function person(id: string, name: string, axis: number): Person {
  const template = {
    id: `t-${id}`,
    encoder,
    modelSha256: '',
    vector: vector(axis),
    quality: 1,
    createdAt: '',
    source: 'photo',
  } as const;
  return { id, name, templates: [template], createdAt: '', cards: [] };
}

const ada = person('a', 'Ada', 0);
const kian = person('k', 'Kian', 1);
const face = (axis: number, left = 0, degrees = 5): SeenFace => ({
  box: { left, top: 0, width: 100, height: 120 },
  embedding: { vector: vector(axis, degrees), encoder },
});

function door(overrides: Partial<AccessSettings> = {}, people = [ada, kian]) {
  const clock = new FakeClock();
  const events: Happening[] = [];
  const policy = new FakePolicy();
  const gallery = createGallery(people, { id: encoder, sha256: '' }, RAW_THRESHOLD);
  const access = createAccess(
    { ...defaultConfig().access, rawThreshold: RAW_THRESHOLD, ...overrides },
    { gallery: () => gallery, policy, clock, emit: (happening) => events.push(happening) },
  );
  const play = (frames: readonly (readonly SeenFace[])[], stepMs = 100): Grant[] =>
    frames.flatMap((faces) => {
      clock.advance(stepMs);
      return access.see(faces, clock.monotonicMs());
    });
  return { access, policy, clock, events, play };
}

const repeat = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

describe('access', () => {
  it('grants an enrolled person once, in under half a second at 10 fps', () => {
    const { play, events } = door();
    const grants = play(repeat(3, () => [face(0)]));
    expect(grants).toMatchObject([{ cause: 'face', person: { id: 'a', name: 'Ada' } }]);
    expect(play(repeat(30, () => [face(0)]))).toEqual([]);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ type: 'granted', mode: 'recognition', threshold: 0.7 });
  });

  it('says which face is decided on, until it is presented anew or the people change', () => {
    const { access, clock, play } = door();
    const frames = repeat(4, () => face(0));
    const decided = (frame: SeenFace, afterMs = 0) => access.isDecided(frame.box, clock.monotonicMs() + afterMs);
    play(frames.slice(0, 2).map((one) => [one]));
    expect(decided(frames[1])).toBe(false);
    play([[frames[2]]]);
    expect(decided(frames[2])).toBe(true);
    // That it stood there before says nothing of who stands there now.
    expect(decided(frames[1])).toBe(false);
    const { againMs } = defaultConfig().access;
    expect(decided(frames[2], againMs - 1)).toBe(true);
    expect(decided(frames[2], againMs)).toBe(false);
    access.reset();
    expect(decided(frames[2])).toBe(false);
  });

  it('denies a stranger once and grants nothing', () => {
    const { play, events } = door();
    expect(play(repeat(40, () => [face(3)]))).toEqual([]);
    expect(events).toMatchObject([{ type: 'denied', reason: 'unknown' }]);
  });

  it('keeps two people apart who stand side by side: each has their own verdict', () => {
    const { play, events } = door();
    const grants = play(repeat(12, () => [face(0, 0), face(3, 300)]));
    expect(grants).toHaveLength(1);
    expect(events.map((e) => e.type).sort()).toEqual(['denied', 'granted']);
  });

  it('does not mix identities when two people exchange places between two frames', () => {
    const { play, events } = door({ agreeFrames: 4, windowFrames: 4 });
    // The stranger takes the place where Ada stood for three frames: her three votes must not carry the stranger.
    const grants = play([...repeat(3, () => [face(0, 0), face(3, 300)]), ...repeat(12, () => [face(3, 0), face(0, 600)])]);
    expect(grants.map((grant) => grant.person?.id)).toEqual(['a']);
    expect(events.filter((e) => e.type === 'granted')).toHaveLength(1);
  });

  it('tells a person once what to do whose face is not good enough, follows them, and lets them in afterwards', () => {
    const { play, events } = door();
    const far = (): SeenFace => ({ box: face(0).box, rejection: 'too_small' });
    expect(play(repeat(20, () => [far()]))).toEqual([]);
    expect(events).toEqual([{ type: 'guidance', reason: 'too_small', prompt: 'Come closer', track: 1 }]);
    expect(play(repeat(3, () => [face(0)]))).toHaveLength(1);
    expect(events).toMatchObject([{ type: 'guidance' }, { type: 'granted', track: 1 }]);
    // Who was let in is not told to look at the camera when they turn to the door.
    play(repeat(10, () => [far()]));
    expect(events).toHaveLength(2);
  });

  it('says nothing to passers-by of a door that waits for a claim', () => {
    const { play, events } = door({ mode: 'verification' });
    play(repeat(20, () => [{ box: face(0).box, rejection: 'too_small' as const }]));
    expect(events).toEqual([]);
  });

  it('denies a spoof of an enrolled person, by the mean over the frames', () => {
    const { play, events } = door({ minLiveness: 0.5 });
    expect(play(repeat(12, () => [{ ...face(0), liveness: 0.02 }]))).toEqual([]);
    expect(events).toMatchObject([{ type: 'denied', reason: 'spoof' }]);
    expect(events[0]).toHaveProperty('liveness', expect.closeTo(0.02, 6));
    const other = door({ minLiveness: 0.5 });
    expect(other.play(repeat(5, (i) => [{ ...face(0), liveness: i === 1 ? 0.2 : 0.9 }]))).toHaveLength(1);
  });

  it('lets nobody in for somebody who has left: late votes expire', () => {
    const { play, clock, events } = door();
    play(repeat(2, () => [face(0)]));
    clock.advance(1_500);
    expect(play(repeat(2, () => [face(0)]))).toEqual([]);
    expect(events).toEqual([]);
  });

  it('opens nothing for a stale frame or for frames out of order', () => {
    const { access, clock } = door();
    clock.advance(10_000);
    for (const capturedAtMs of [8_000, 8_100, 8_200, 8_300]) expect(access.see([face(0)], capturedAtMs)).toEqual([]);
    const times = [9_900, 9_800, 9_700, 9_600, NaN, 9_900];
    expect(times.flatMap((capturedAtMs) => access.see([face(0)], capturedAtMs))).toEqual([]);
  });

  it('judges a face anew that stays, after againMs', () => {
    const { play, events } = door({ againMs: 2_000 });
    expect(play(repeat(40, () => [face(0)]))).toHaveLength(2);
    expect(events.map((e) => e.type)).toEqual(['granted', 'granted']);
  });

  it('denies somebody who was judged but left before agreement, when the camera falls silent too', () => {
    const { play, clock, events } = door();
    play(repeat(4, () => [face(3)]));
    expect(events).toEqual([]);
    clock.advance(2_000);
    expect(events).toMatchObject([{ type: 'denied', reason: 'unknown' }]);
  });

  it('compares a claimed identity with that person alone: Benoit with the card of Kian stays outside', () => {
    const { access, play, events } = door();
    access.claim({ id: 'k', name: 'Kian' });
    // Ada is enrolled and would be recognised; against Kian she is too far.
    expect(play(repeat(12, () => [face(0)]))).toEqual([]);
    expect(events).toMatchObject([{ type: 'denied', reason: 'too_far', mode: 'verification', claimed: { name: 'Kian' } }]);
    access.claim({ id: 'k', name: 'Kian' });
    expect(play(repeat(12, () => [face(1)]))).toMatchObject([{ person: { id: 'k' } }]);
  });

  it('lets nobody in without a claim in verification mode, and forgets a claim after claimMs', () => {
    const { access, play, clock, events } = door({ mode: 'verification' });
    expect(play(repeat(20, () => [face(0)]))).toEqual([]);
    access.claim({ id: 'a', name: 'Ada' });
    clock.advance(20_000);
    expect(play(repeat(20, () => [face(0)]))).toEqual([]);
    expect(events).toEqual([]);
  });

  it('spends a claim once, though two faces answer it in the same frame', () => {
    const { access, play, events } = door({ mode: 'verification' });
    access.claim({ id: 'a', name: 'Ada' });
    expect(play(repeat(4, () => [face(0), face(0, 400)]))).toMatchObject([{ person: { id: 'a' } }]);
    expect(events).toMatchObject([
      { type: 'granted', person: { id: 'a' } },
      { type: 'denied', reason: 'ambiguous', claimed: { id: 'a' } },
    ]);
  });

  it('keeps a claim for the one who made it, though somebody beside them is denied', () => {
    const { access, play, events } = door({ mode: 'verification' });
    access.claim({ id: 'k', name: 'Kian' });
    play(repeat(9, () => [face(0)]));
    // Ada is denied in this very frame; Kian has just come into the picture.
    expect(play(repeat(4, () => [face(0), face(1, 400)]))).toMatchObject([{ person: { id: 'k' } }]);
    expect(events).toMatchObject([
      { type: 'denied', reason: 'too_far', claimed: { id: 'k' } },
      { type: 'granted', person: { id: 'k' }, mode: 'verification' },
    ]);
  });

  it('counts a face that was judged when another claim takes its place: no card begins the count anew', () => {
    const { access, play, policy, events } = door({ mode: 'either' });
    for (let i = 0; i < 5; i++) {
      access.claim({ id: 'k', name: 'Kian' }, 'card');
      play(repeat(9, () => [face(3)]));
    }
    expect(policy.told).toEqual(['too_far', 'too_far', 'too_far', 'too_far']);
    expect(events.every((event) => event.type === 'denied' && event.claimed?.id === 'k')).toBe(true);
  });

  it('does not let votes of a verification count in the recognition after it', () => {
    const { access, play } = door({ claimMs: 250 });
    access.claim({ id: 'a', name: 'Ada' });
    play(repeat(2, () => [face(0)]));
    // The claim runs out here; one more frame alone is no agreement.
    expect(play([[face(0)]], 100)).toEqual([]);
  });

  it('denies with an empty gallery, and never compares templates of another encoder', () => {
    const empty = door({}, []);
    expect(empty.play(repeat(12, () => [face(0)]))).toEqual([]);
    expect(empty.events).toMatchObject([{ type: 'denied', reason: 'unknown' }]);
    const foreign = { ...ada, templates: ada.templates.map((t) => ({ ...t, encoder: 'another' })) };
    const other = door({}, [foreign]);
    expect(other.play(repeat(12, () => [face(0)]))).toEqual([]);
    expect(createGallery([foreign], { id: encoder, sha256: '' }, RAW_THRESHOLD).toEnrollAgain).toEqual([foreign]);
  });

  it('opens nothing for frames from the future, and goes on with those of the present', () => {
    const { access, play, clock } = door();
    for (let i = 1; i <= 5; i++) expect(access.see([face(0)], clock.monotonicMs() + 3_600_000 + i)).toEqual([]);
    expect(play(repeat(3, () => [face(0)]))).toHaveLength(1);
  });

  it('takes no notice of a wall clock that jumps by years', () => {
    const { play, clock, events } = door();
    play(repeat(2, () => [face(0)]));
    clock.jumpWallTime(-20 * 365 * 86_400_000);
    expect(play([[face(0)]])).toHaveLength(1);
    clock.jumpWallTime(40 * 365 * 86_400_000);
    play(repeat(10, () => [face(0)]));
    expect(events).toHaveLength(1);
  });
});
