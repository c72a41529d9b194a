import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPolicy, isWithinTimes } from '../../src/access/policy.js';
import type { DenyReason } from '../../src/events.js';
import type { Person } from '../../src/identity/person.js';
import { DAYS, type Schedules } from '../../src/schedule-schema.js';
import { FakeClock } from '../fakes/fake-clock.js';

const schedules: Schedules = {
  office: { timeZone: 'Europe/Berlin', hours: [{ days: [...DAYS], from: '08:00', to: '18:00' }], holidays: [] },
};
const ada: Person = { id: 'a', name: 'Ada', templates: [], createdAt: '', cards: [] };
const ref = { id: 'a', name: 'Ada' };

function policyOf(person: Person | undefined, wallTime = '2026-01-05T12:00:00Z') {
  const door = { mode: 'normal' as 'normal' | 'lockdown' | 'open', remainingMs: 0, failures: 0, clears: 0 };
  const clock = new FakeClock(new Date(wallTime));
  const policy = createPolicy({
    schedules,
    find: (id) => (person?.id === id ? person : undefined),
    doorMode: () => door.mode,
    lockout: {
      remainingMs: () => door.remainingMs,
      failed: () => {
        door.failures++;
      },
      clear: () => {
        door.clears++;
      },
    },
    clock,
  });
  return { policy, door, clock };
}

describe('the policy', () => {
  it('lets in who has no times at all, at any time', () => {
    fc.assert(
      fc.property(fc.date({ noInvalidDate: false }), (now) => {
        expect(isWithinTimes(ada, schedules, now)).toBe(true);
      }),
    );
  });

  it('lets nobody in before validFrom and from validUntil on', () => {
    const person = { ...ada, validFrom: '2026-01-05T12:00:00Z', validUntil: '2026-02-01T00:00:00Z' };
    expect(policyOf(person, '2026-01-05T11:59:59Z').policy.refusal(ref)).toBe('outside_schedule');
    expect(policyOf(person, '2026-01-05T12:00:00Z').policy.refusal(ref)).toBeUndefined();
    expect(policyOf(person, '2026-01-31T23:59:59Z').policy.refusal(ref)).toBeUndefined();
    expect(policyOf(person, '2026-02-01T00:00:00Z').policy.refusal(ref)).toBe('outside_schedule');
  });

  it('lets nobody in outside their schedule, or by a schedule that is not configured', () => {
    const person = { ...ada, schedule: 'office' };
    expect(policyOf(person, '2026-01-05T12:00:00Z').policy.refusal(ref)).toBeUndefined();
    expect(policyOf(person, '2026-01-05T17:00:00Z').policy.refusal(ref)).toBe('outside_schedule');
    expect(policyOf({ ...ada, schedule: 'gone' }).policy.refusal(ref)).toBe('outside_schedule');
    expect(policyOf({ ...ada, schedule: 'constructor' }).policy.refusal(ref)).toBe('outside_schedule');
  });

  it('needs both the dates and the schedule', () => {
    const person = { ...ada, schedule: 'office', validUntil: '2026-01-04T00:00:00Z' };
    expect(policyOf(person).policy.refusal(ref)).toBe('outside_schedule');
  });

  it.each(['1970-01-01T12:00:00Z', '2025-12-31T12:00:00Z', '2286-11-20T12:00:00Z'])(
    'trusts no clock that reads %s with anybody who has times',
    (wallTime) => {
      expect(policyOf({ ...ada, schedule: 'office' }, wallTime).policy.refusal(ref)).toBe('outside_schedule');
      expect(policyOf({ ...ada, validUntil: '2027-01-01T00:00:00Z' }, wallTime).policy.refusal(ref)).toBe('outside_schedule');
      expect(policyOf(ada, wallTime).policy.refusal(ref)).toBeUndefined();
    },
  );

  it('lets nobody in for a date that cannot be read', () => {
    expect(policyOf({ ...ada, validFrom: 'soon' }).policy.refusal(ref)).toBe('outside_schedule');
    expect(policyOf({ ...ada, validUntil: 'never' }).policy.refusal(ref)).toBe('outside_schedule');
  });

  it('refuses somebody who was removed meanwhile', () => {
    expect(policyOf(undefined).policy.refusal(ref)).toBe('unknown');
  });

  it('names lockdown before lockout before the times of the person', () => {
    const { policy, door } = policyOf({ ...ada, schedule: 'gone' });
    Object.assign(door, { mode: 'lockdown', remainingMs: 1 });
    expect(policy.refusal(ref)).toBe('lockdown');
    door.mode = 'normal';
    expect(policy.refusal(ref)).toBe('locked_out');
    expect(policy.lockedOut()).toBe(true);
    door.remainingMs = 0;
    expect(policy.refusal(ref)).toBe('outside_schedule');
  });

  it('lets people in while the door is held open', () => {
    const { policy, door } = policyOf(ada);
    door.mode = 'open';
    expect(policy.refusal(ref)).toBeUndefined();
  });

  it('counts towards the lockout what did not match or was no living face, and nothing else', () => {
    const { policy, door } = policyOf(ada);
    const counted = (reason: DenyReason) => {
      const before = door.failures;
      policy.denied(reason);
      return door.failures > before;
    };
    expect((['unknown', 'too_far', 'spoof', 'unknown_card'] as const).map(counted)).toEqual([true, true, true, true]);
    expect((['outside_schedule', 'locked_out', 'ambiguous', 'expired', 'lockdown'] as const).map(counted)).toEqual(
      Array.from({ length: 5 }, () => false),
    );
    policy.granted();
    expect(door.clears).toBe(1);
  });
});
