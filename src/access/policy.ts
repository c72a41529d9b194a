import type { Clock } from '../clock.js';
import type { DenyReason, PersonRef } from '../events.js';
import type { Person } from '../identity/person.js';
import { scheduleNamed, type Schedules } from '../schedule-schema.js';
import type { Lockout } from './lockout.js';
import { isOpen } from './schedule.js';

/** What stands between agreement and a grant. Every doubt is a denial. */
export interface Policy {
  /** Why this person is not let in now: lockdown before lockout before the person's own times; undefined when they are. */
  refusal(person: PersonRef): DenyReason | undefined;
  /** Attempts are not taken now, whoever makes them. */
  lockedOut(): boolean;
  /** A presentation, or a card, was denied for this reason: some reasons count towards the lockout. */
  denied(reason: DenyReason): void;
  /** Somebody was let in: consecutive failures are over. */
  granted(): void;
}

export interface PolicyParts {
  readonly schedules: Schedules;
  readonly find: (id: string) => Person | undefined;
  readonly doorMode: () => 'normal' | 'lockdown' | 'open';
  readonly lockout: Pick<Lockout, 'remainingMs' | 'failed' | 'clear'>;
  readonly clock: Clock;
}

/** The attempts that NIST SP 800-63B-4 section 3.2.3 counts: those that did not match, or were no living face. */
const failures: readonly DenyReason[] = ['unknown', 'too_far', 'spoof', 'challenge_failed', 'unknown_card'];

export function createPolicy({ schedules, find, doorMode, lockout, clock }: PolicyParts): Policy {
  const lockedOut = () => lockout.remainingMs() > 0;
  return {
    lockedOut,
    refusal(ref) {
      if (doorMode() === 'lockdown') return 'lockdown';
      if (lockedOut()) return 'locked_out';
      // Removed between the first frame and the verdict.
      const person = find(ref.id);
      if (!person) return 'unknown';
      return isWithinTimes(person, schedules, clock.wallTime()) ? undefined : 'outside_schedule';
    },
    denied(reason) {
      if (failures.includes(reason)) lockout.failed();
    },
    granted() {
      lockout.clear();
    },
  };
}

/** Whether a person's dates and schedule let them in at an instant. Who has neither always may. */
export function isWithinTimes(
  { validFrom, validUntil, schedule }: Pick<Person, 'validFrom' | 'validUntil' | 'schedule'>,
  schedules: Schedules,
  now: Date,
): boolean {
  if (validFrom === undefined && validUntil === undefined && schedule === undefined) return true;
  if (!isPlausible(now)) return false;
  // Put so that a date that cannot be read lets nobody in.
  if (validFrom !== undefined && !(now.getTime() >= Date.parse(validFrom))) return false;
  if (validUntil !== undefined && !(now.getTime() < Date.parse(validUntil))) return false;
  if (schedule === undefined) return true;
  const hours = scheduleNamed(schedules, schedule);
  return hours !== undefined && isOpen(hours, now);
}

/** A wall clock before this software was written, or a lifetime after, is wrong: a Pi has no clock of its own. */
export function isPlausible(now: Date): boolean {
  const year = now.getUTCFullYear();
  return year >= 2026 && year < 2100;
}
