import { describe, expect, it } from 'vitest';
import { createAccess, type DoorRule, type SeenFace } from '../../src/access/access.js';
import { createCardDesk } from '../../src/access/card-reader/card-desk.js';
import { SimulatedReader } from '../../src/access/card-reader/simulated-reader.js';
import type { Grant } from '../../src/access/grant.js';
import { defaultConfig } from '../../src/config.js';
import type { Happening } from '../../src/events.js';
import { createGallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakePolicy } from '../fakes/fake-policy.js';

const encoder = 'test-encoder';
const axis = (index: number) => Float32Array.from({ length: 4 }, (_, i) => (i === index ? 1 : 0));

function person(id: string, name: string, index: number, cards: readonly string[]): Person {
  const template = {
    id: `t-${id}`,
    encoder,
    modelSha256: '',
    vector: axis(index),
    quality: 1,
    createdAt: '',
    source: 'photo',
  } as const;
  return { id, name, templates: [template], createdAt: '', cards };
}

const people = [person('a', 'Ada', 0, ['04:a2:b3:c4']), person('k', 'Kian', 1, ['0012345678'])];
const faces = { ada: 0, kian: 1, stranger: 2 };

function door(mode: DoorRule) {
  const clock = new FakeClock();
  const events: Happening[] = [];
  const emit = (happening: Happening) => events.push(happening);
  const policy = new FakePolicy();
  const gallery = createGallery(people, { id: encoder, sha256: '' }, 1);
  const access = createAccess(
    { ...defaultConfig().access, rawThreshold: 1, mode },
    { gallery: () => gallery, policy, clock, emit },
  );
  const reader = new SimulatedReader('reader');
  const claim = (bearer: { id: string; name: string }) => access.claim(bearer, 'card');
  const desk = createCardDesk({ readers: [reader], people: () => people, policy, claim, clock, emit, repeatMs: 2_000 });
  desk.start();
  /** Somebody stands before the camera for a second. */
  const show = (who: keyof typeof faces): Grant[] =>
    Array.from({ length: 10 }).flatMap(() => {
      clock.advance(100);
      const face: SeenFace = {
        box: { left: 0, top: 0, width: 100, height: 100 },
        embedding: { vector: axis(faces[who]), encoder },
      };
      return access.see([face], clock.monotonicMs());
    });
  /** They go, and the next one comes. */
  const leave = () => clock.advance(10_000);
  const names = (grants: readonly Grant[]) => grants.map((grant) => grant.person?.name);
  return {
    access,
    clock,
    events,
    policy,
    desk,
    leave,
    card: (id: string) => reader.present(id),
    show: (who: keyof typeof faces) => names(show(who)),
  };
}

describe('a card', () => {
  it('claims its bearer, however reader and people file write it, and opens nothing by itself', () => {
    const { card, clock, events } = door('either');
    card('04A2B3C4');
    clock.advance(5_000);
    card('00-12345678');
    expect(events).toEqual([
      { type: 'card_accepted', person: { id: 'a', name: 'Ada' }, card: '…3C4', reader: 'reader' },
      { type: 'card_accepted', person: { id: 'k', name: 'Kian' }, card: '…678', reader: 'reader' },
    ]);
  });

  it.each(['99999999', '12345678', 'x', '', '04A2B3C4\u001b[2J'])(
    'that nobody has (%j) is denied and counts for the lockout',
    (id) => {
      const { card, events, policy } = door('either');
      card(id);
      expect(events).toMatchObject([{ type: 'card_denied', reason: 'unknown_card' }]);
      expect(JSON.stringify(events)).not.toContain('2345678');
      expect(policy.told).toEqual(['unknown_card']);
    },
  );

  it('held before the reader counts once', () => {
    const { card, clock, events } = door('either');
    for (let i = 0; i < 20; i++) {
      card('99999999');
      clock.advance(1_500);
    }
    expect(events).toHaveLength(1);
    clock.advance(2_000);
    card('99999999');
    expect(events).toHaveLength(2);
  });

  it.each(['lockdown', 'locked_out', 'outside_schedule'] as const)('is denied at once when the policy says %s', (reason) => {
    const { card, events, policy, show } = door('both');
    policy.refuses = reason;
    card('04A2B3C4');
    policy.refuses = undefined;
    expect(events).toEqual([{ type: 'card_denied', reason, person: { id: 'a', name: 'Ada' }, card: '…3C4', reader: 'reader' }]);
    expect(show('ada')).toEqual([]);
  });

  it('that nobody has is not told from another during a lockout', () => {
    const { card, events, policy } = door('either');
    policy.locked = true;
    card('99999999');
    expect(events).toMatchObject([{ type: 'card_denied', reason: 'locked_out' }]);
  });

  it('is read no more once the desk is closed', async () => {
    const { card, desk, events } = door('either');
    await desk.stop();
    await desk.stop();
    card('04A2B3C4');
    expect(events).toEqual([]);
  });
});

describe('a door in mode recognition', () => {
  it('knows people without a claim, takes one from a command, and none from a card', () => {
    const { access, show, leave } = door('recognition');
    expect(show('ada')).toEqual(['Ada']);
    leave();
    expect(access.claim({ id: 'k', name: 'Kian' }, 'card')).toBe(false);
    expect(show('ada')).toEqual(['Ada']);
    leave();
    expect(access.claim({ id: 'k', name: 'Kian' }, 'command')).toBe(true);
    expect(show('ada')).toEqual([]);
  });
});

describe('a door in mode verification', () => {
  it('lets nobody in without a claim, and takes one from card or command', () => {
    const { access, card, show, leave, events } = door('verification');
    expect([show('ada'), events]).toEqual([[], []]);
    card('04A2B3C4');
    expect(show('ada')).toEqual(['Ada']);
    leave();
    access.claim({ id: 'k', name: 'Kian' });
    expect(show('kian')).toEqual(['Kian']);
  });
});

describe('a door in mode either', () => {
  it('knows people without a claim, and compares with the bearer of a card alone', () => {
    const { card, show, leave, events, policy } = door('either');
    expect(show('ada')).toEqual(['Ada']);
    leave();
    card('0012345678');
    expect(show('ada')).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'denied', reason: 'too_far', mode: 'verification', claimed: { name: 'Kian' } });
    expect(policy.told.at(-1)).toBe('too_far');
    leave();
    expect(show('kian')).toEqual(['Kian']);
    expect(events.at(-1)).toMatchObject({ type: 'granted', mode: 'recognition' });
  });
});

describe('a door in mode both', () => {
  it('lets in only the face of the card that was read, and takes no command for a card', () => {
    const { access, card, show, leave } = door('both');
    expect(show('ada')).toEqual([]);
    leave();
    expect(access.claim({ id: 'a', name: 'Ada' }, 'command')).toBe(false);
    expect(show('ada')).toEqual([]);
    leave();
    card('0012345678');
    expect(show('ada')).toEqual([]);
    leave();
    card('0012345678');
    expect(show('kian')).toEqual(['Kian']);
  });

  it('forgets a card for which no face came', () => {
    const { card, clock, show } = door('both');
    card('04A2B3C4');
    clock.advance(15_001);
    expect(show('ada')).toEqual([]);
  });

  it('takes a card for one grant, not for the next', () => {
    const { card, show, leave } = door('both');
    card('04A2B3C4');
    expect(show('ada')).toEqual(['Ada']);
    leave();
    expect(show('ada')).toEqual([]);
  });
});

describe('a presentation that the policy refuses', () => {
  it('is denied with its person and the reason of the policy', () => {
    const { events, policy, show } = door('recognition');
    policy.refuses = 'outside_schedule';
    expect(show('ada')).toEqual([]);
    expect(events).toMatchObject([{ type: 'denied', reason: 'outside_schedule', person: { id: 'a', name: 'Ada' } }]);
    expect(policy.told).toEqual(['outside_schedule']);
  });

  it('is locked out during a lockout, known or not', () => {
    const { events, policy, show, leave } = door('recognition');
    policy.locked = true;
    expect([...show('ada'), ...show('stranger')]).toEqual([]);
    leave();
    expect(events.map((event) => event.type === 'denied' && event.reason)).toEqual(['locked_out', 'locked_out']);
  });

  it('is told to the policy when it was granted', () => {
    const { policy, show } = door('recognition');
    show('ada');
    expect(policy.told).toEqual(['granted']);
  });
});
