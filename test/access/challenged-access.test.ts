import { describe, expect, it } from 'vitest';
import { createAccess, type AccessSettings, type SeenFace } from '../../src/access/access.js';
import { anyAction } from '../../src/access/challenge.js';
import type { Grant } from '../../src/access/grant.js';
import { defaultConfig } from '../../src/config.js';
import type { ChallengeAction, Happening } from '../../src/events.js';
import type { Movement } from '../../src/faces/movement.js';
import { createGallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakePolicy } from '../fakes/fake-policy.js';
import { averageHead } from '../support/average-head.js';

const encoder = 'test-encoder';
const axis = (i: number) => Float32Array.from({ length: 4 }, (_, k) => (k === i ? 1 : 0));
const person = (id: string, name: string, i: number): Person => ({
  id,
  name,
  cards: [],
  createdAt: '',
  templates: [{ id, encoder, modelSha256: '', vector: axis(i), quality: 1, createdAt: '', source: 'photo' }],
});
const ADA = 0;
const KIAN = 1;
const STRANGER = 2;

const movement = (yawDeg: number): Movement => ({
  yawDeg,
  pitchDeg: 0,
  rollDeg: 0,
  lengthPx: 120,
  eyeSpan: 0.55 * Math.cos((yawDeg * Math.PI) / 180),
  landmarks: averageHead(yawDeg),
  eyes: { right: 1, left: 1 },
});

const face = (who: number, yawDeg = 0, more: Partial<SeenFace> = {}): SeenFace => ({
  box: { left: 0, top: 0, width: 100, height: 120 },
  embedding: { vector: axis(who), encoder },
  liveness: 0.7,
  movement: movement(yawDeg),
  ...more,
});

function door(
  challenge: AccessSettings['challenge'],
  chooseAction: (done?: ChallengeAction) => ChallengeAction = () => 'turn_left',
) {
  const clock = new FakeClock();
  const events: Happening[] = [];
  const policy = new FakePolicy();
  const gallery = createGallery([person('a', 'Ada', ADA), person('k', 'Kian', KIAN)], { id: encoder, sha256: '' }, 1);
  const access = createAccess(
    { ...defaultConfig().access, rawThreshold: 1, minLiveness: 0.5, ...(challenge && { challenge }) },
    { gallery: () => gallery, policy, clock, emit: (happening) => events.push(happening), chooseAction },
  );
  const play = (faces: readonly SeenFace[], stepMs = 100): Grant[] =>
    faces.flatMap((one) => {
      clock.advance(stepMs);
      return access.see([one], clock.monotonicMs());
    });
  return { access, clock, events, policy, play, types: () => events.map(({ type }) => type) };
}

const always = { timeoutMs: 8_000, actions: 1 };
const twice = { timeoutMs: 8_000, actions: 2 };
const doubtful = { timeoutMs: 8_000, actions: 1, below: 0.9 };
const times = (count: number, make: () => SeenFace) => Array.from({ length: count }, make);
const turn = (who: number, sign = 1) => [0, 0, 10, 22, 30, 30, 20, 10].map((yawDeg) => face(who, sign * yawDeg));

describe('a door that challenges', () => {
  it('asks somebody whom it knows to turn the head, and opens only when they have', () => {
    const { play, events, types } = door(always);
    expect(play(times(6, () => face(ADA)))).toEqual([]);
    expect(events).toEqual([
      { type: 'challenge', action: 'turn_left', prompt: 'Turn your head to your left', timeoutMs: 8_000, track: 1 },
    ]);
    expect(play(turn(ADA))).toMatchObject([{ cause: 'face', person: { id: 'a' } }]);
    expect(types()).toEqual(['challenge', 'challenge_passed', 'granted']);
  });

  it('asks for a second action when the first is done, and opens only after both', () => {
    const asked: (ChallengeAction | undefined)[] = [];
    const { play, types } = door(twice, (done) => {
      asked.push(done);
      return done === undefined ? 'turn_left' : 'turn_right';
    });
    expect(play([...times(4, () => face(ADA)), ...turn(ADA), ...times(4, () => face(ADA))])).toEqual([]);
    expect(types()).toEqual(['challenge', 'challenge']);
    expect(play(turn(ADA, -1))).toMatchObject([{ cause: 'face', person: { id: 'a' } }]);
    expect(types()).toEqual(['challenge', 'challenge', 'challenge_passed', 'granted']);
    expect(asked).toEqual([undefined, 'turn_left']);
  });

  it('denies who does the first action and not the second', () => {
    const { play, events } = door(twice, (done) => (done === undefined ? 'turn_left' : 'blink'));
    expect(play([...times(4, () => face(ADA)), ...turn(ADA), ...times(100, () => face(ADA))])).toEqual([]);
    expect(events).toMatchObject([
      { type: 'challenge', action: 'turn_left' },
      { type: 'challenge', action: 'blink' },
      { type: 'denied', reason: 'challenge_failed' },
    ]);
  });

  it('draws another action than the one that was done', () => {
    for (let i = 0; i < 50; i++) expect(anyAction('blink')).not.toBe('blink');
    expect(new Set(Array.from({ length: 100 }, () => anyAction())).size).toBe(3);
  });

  it('asks nobody whom it does not know', () => {
    const { play, events } = door(always);
    expect(play(times(20, () => face(STRANGER)))).toEqual([]);
    expect(events).toMatchObject([{ type: 'denied', reason: 'unknown' }]);
  });

  it('denies who does nothing until the time is over, once, and counts it as a failure', () => {
    const { play, events, policy } = door(always);
    expect(play(times(120, () => face(ADA)))).toEqual([]);
    expect(events).toMatchObject([{ type: 'challenge' }, { type: 'denied', reason: 'challenge_failed' }]);
    expect(policy.told).toEqual(['challenge_failed']);
  });

  it('denies who turns to the wrong side', () => {
    const { play, events } = door(always);
    expect(play([...times(4, () => face(ADA)), ...turn(ADA, -1)])).toEqual([]);
    expect(events).toMatchObject([{ type: 'challenge' }, { type: 'denied', reason: 'challenge_failed' }]);
  });

  it('denies who leaves before it is over, counts it as a failure, and opens for nobody who comes after', () => {
    const { play, events, policy, clock } = door(always);
    play(times(4, () => face(ADA)));
    clock.advance(3_000);
    expect(events).toMatchObject([{ type: 'challenge' }, { type: 'denied', reason: 'challenge_failed' }]);
    // Else whoever draws an action that a picture cannot do would go and come again until another is drawn.
    expect(policy.told).toEqual(['challenge_failed']);
    // Another presentation, another challenge.
    expect(play(turn(ADA))).toEqual([]);
  });

  it('lets nobody do the moving for another: a face that takes the place is another presentation', () => {
    const { play, types } = door(always);
    const grants = play([...times(4, () => face(ADA)), ...turn(STRANGER), ...times(4, () => face(ADA))]);
    expect(grants).toEqual([]);
    expect(types()).not.toContain('challenge_passed');
  });

  it('takes no movement of a face that was not encoded for evidence', () => {
    const { play, types } = door(always);
    const hidden = (yawDeg: number): SeenFace => {
      const { embedding: _, ...rest } = face(ADA, yawDeg, { rejection: 'turned_away' });
      return rest;
    };
    play([...times(6, () => face(ADA)), hidden(30), hidden(35), hidden(30), ...times(6, () => face(ADA))]);
    expect(types()).toEqual(['challenge']);
  });

  it('does not advise to look at the camera while it asks to look away', () => {
    const { play, types } = door(always);
    const { embedding: _, movement: __, ...away } = face(ADA, 45, { rejection: 'turned_away' });
    play([...times(4, () => face(ADA)), ...times(8, () => away)]);
    expect(types()).toEqual(['challenge']);
  });

  it('opens for nobody whose votes no longer agree after a challenge that was passed', () => {
    const { play, events, types } = door(always);
    const doubtfulFace = (yawDeg: number) => face(ADA, yawDeg, { liveness: 0.1 });
    play([...times(3, () => face(ADA)), ...[0, 0, 10, 25, 30, 30, 20].map(doubtfulFace), ...times(100, () => doubtfulFace(0))]);
    expect(types()).toEqual(['challenge', 'challenge_passed', 'denied']);
    expect(events.at(-1)).toMatchObject({ reason: 'spoof' });
  });

  it('asks only in doubt where it is told so: not those who are surely alive, nor those who are surely not', () => {
    const sure = door(doubtful);
    expect(sure.play(times(3, () => face(ADA, 0, { liveness: 0.95 })))).toHaveLength(1);
    expect(sure.types()).toEqual(['granted']);
    const spoof = door(doubtful);
    spoof.play(times(12, () => face(ADA, 0, { liveness: 0.2 })));
    expect(spoof.events).toMatchObject([{ type: 'denied', reason: 'spoof' }]);
    const between = door(doubtful);
    expect(between.play(times(12, () => face(ADA)))).toEqual([]);
    expect(between.types()).toEqual(['challenge']);
    expect(between.play(turn(ADA))).toHaveLength(1);
  });

  it('waits for the whole window before it doubts: one poor frame is no reason to ask', () => {
    const { play, types } = door(doubtful);
    const scores = [0.99, 0.6, 0.99, 0.99, 0.99];
    let i = 0;
    expect(play(times(5, () => face(ADA, 0, { liveness: scores[i++] })))).toHaveLength(1);
    expect(types()).toEqual(['granted']);
  });

  it('never opens for a face that does not move, whatever it is asked', () => {
    for (const action of ['blink', 'turn_left', 'turn_right'] as const) {
      const { play, types } = door(always, () => action);
      expect(play(times(300, () => face(KIAN)))).toEqual([]);
      expect(types()).not.toContain('granted');
    }
  });
});
