import type { Happening, PersonRef } from '../events.js';

/** `open` holds the lock released, by schedule or command; `lockdown` refuses every grant. */
export type DoorMode = 'normal' | 'lockdown' | 'open';

/** Who ordered a mode. A schedule never lifts a lockdown that a command ordered. */
export type OrderedBy = 'command' | 'schedule';

/** Somebody's right to find the lock released, up to a moment. */
export interface Passage {
  readonly cause: 'face' | 'command' | 'exit_button' | 'schedule';
  readonly person?: PersonRef;
  readonly untilMs: number;
}

/** What the lock is told. `confirmed` once the line was read back energised: only then has it unlocked. */
export type Lock =
  | { readonly is: 'locked'; readonly sinceMs: number }
  /** Released between two pulses, so that they are two; the next begins at `untilMs`. */
  | { readonly is: 'resting'; readonly untilMs: number; readonly next: Passage }
  | {
      readonly is: 'pulse';
      readonly sinceMs: number;
      readonly passage: Passage;
      readonly next?: Passage;
      readonly confirmed: boolean;
    }
  /** Mode `open`, and only then. */
  | {
      readonly is: 'held';
      readonly sinceMs: number;
      readonly cause: OrderedBy;
      readonly person?: PersonRef;
      readonly confirmed: boolean;
    }
  | { readonly is: 'stopped' };

/** `unknown` where no contact is fitted. */
export type Contact =
  | { readonly is: 'unknown' }
  | { readonly is: 'closed' }
  | {
      readonly is: 'open';
      readonly sinceMs: number;
      /** From when held-open is counted: the opening, or the end of mode `open`. */
      readonly heldFromMs: number;
      readonly held: 'no' | 'warning' | 'alarm';
    };

/** `will_not_energise` is over when an energised line is read back, `will_not_release` when a released one is. */
export type RelayHealth = 'ok' | 'will_not_energise' | 'will_not_release';

/** Everything the door knows, as plain data; all times monotonic. */
export interface DoorState {
  readonly mode: DoorMode;
  readonly modeBy: OrderedBy;
  readonly lock: Lock;
  readonly contact: Contact;
  /** An opening up to here was allowed; a later one is forced, unless the lock is released. */
  readonly passUntilMs: number;
  readonly tamper: boolean;
  readonly relay: RelayHealth;
  /** Since when the line has read other than it was told. */
  readonly disagreesSinceMs: number | undefined;
}

export interface DoorSettings {
  /** The relay is energised so long at most, in one go. */
  readonly pulseMs: number;
  /** The relay is released so long at least before it is energised again. */
  readonly restMs: number;
  /** An older decision opens nothing: its person may have left. */
  readonly maxGrantAgeMs: number;
  readonly relockOnOpening: boolean;
  /** An opening so long after the release was still allowed: the contact is debounced, and people pull early. */
  readonly forcedOpenGraceMs: number;
  readonly heldOpenWarningMs: number;
  readonly heldOpenAlarmMs: number;
  /** The line may read other than told for so long before the lock counts as jammed. */
  readonly jammedAfterMs: number;
  /** The line is read back at least so often. */
  readonly checkMs: number;
  readonly exitButtonInLockdown: boolean;
}

/** Why the door did not do what it was asked. */
export type Refusal = 'lockdown' | 'stale' | 'spent' | 'cause' | 'relay_fault' | 'not_started' | 'stopped';

export type DoorInput = { readonly atMs: number } & (
  | { readonly type: 'tick' }
  | GrantInput
  | (Omit<GrantInput, 'type'> & { readonly type: 'hold' })
  | { readonly type: 'lock'; readonly cause: 'command' | 'schedule' | 'fault' }
  | { readonly type: 'mode'; readonly mode: 'normal' | 'lockdown'; readonly by: OrderedBy }
  | { readonly type: 'exit_button' }
  | { readonly type: 'contact'; readonly open: boolean }
  | { readonly type: 'tamper'; readonly active: boolean }
  | { readonly type: 'readback'; readonly energised: boolean }
  | { readonly type: 'relay_fault'; readonly reason: string; readonly energising: boolean }
  | { readonly type: 'stop' }
);

interface GrantInput {
  readonly type: 'grant';
  readonly cause: Passage['cause'];
  readonly person?: PersonRef;
  readonly decidedAtMs: number;
}

/** The state that follows, and what is to be done: the relay first, then the happenings in order. */
export interface Step {
  readonly state: DoorState;
  readonly relay?: 'energise' | 'release';
  readonly emit: readonly Happening[];
  readonly refused?: Refusal;
}

/** A door that has just started: locked, in mode `normal`, its inputs not yet read. */
export function initialState(atMs: number): DoorState {
  return {
    mode: 'normal',
    modeBy: 'command',
    lock: { is: 'locked', sinceMs: atMs },
    contact: { is: 'unknown' },
    passUntilMs: atMs,
    tamper: false,
    relay: 'ok',
    disagreesSinceMs: undefined,
  };
}

/** Whether the relay is told to be energised. */
export function isEnergised(state: DoorState): boolean {
  return state.lock.is === 'pulse' || state.lock.is === 'held';
}

export const unchanged = (state: DoorState): Step => ({ state, emit: [] });

export const refuse = (state: DoorState, refused: Refusal): Step => ({ state, emit: [], refused });

/** `second` after `first`: of two writes to the relay the later one counts. */
export function andThen(first: Step, second: (state: DoorState) => Step): Step {
  const next = second(first.state);
  const relay = next.relay ?? first.relay;
  const refused = next.refused ?? first.refused;
  return {
    state: next.state,
    emit: [...first.emit, ...next.emit],
    ...(relay === undefined ? {} : { relay }),
    ...(refused === undefined ? {} : { refused }),
  };
}
