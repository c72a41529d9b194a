import type { Happening, PersonRef } from '../events.js';
import { andThen, isEnergised, refuse, type DoorSettings, type DoorState, type Passage, type Step } from './door-state.js';

type LockedCause = Extract<Happening, { type: 'locked' }>['cause'];

/** Releases the relay, whatever it was told before, and drops every passage that waits. Mode `open` is over. */
export function relock(state: DoorState, atMs: number, cause: LockedCause, settings: DoorSettings): Step {
  const { lock, contact } = state;
  if (lock.is === 'stopped' || lock.is === 'locked') return { state, relay: 'release', emit: [] };
  if (lock.is === 'resting') {
    const sinceMs = lock.untilMs - settings.restMs;
    return { state: { ...state, lock: { is: 'locked', sinceMs } }, relay: 'release', emit: [] };
  }
  return {
    state: {
      ...state,
      mode: state.mode === 'open' ? 'normal' : state.mode,
      lock: { is: 'locked', sinceMs: atMs },
      contact: state.mode === 'open' && contact.is === 'open' ? { ...contact, heldFromMs: atMs, held: 'no' } : contact,
      passUntilMs: Math.max(state.passUntilMs, atMs + settings.forcedOpenGraceMs),
      disagreesSinceMs: undefined,
    },
    relay: 'release',
    emit: lock.confirmed ? [{ type: 'locked', cause, durationMs: Math.round(atMs - lock.sinceMs) }] : [],
  };
}

/** Ends a pulse; the passage that was granted meanwhile, if any, gets the rest of its time after a rest of the relay. */
export function endPulse(state: DoorState, atMs: number, cause: 'timeout' | 'opened', settings: DoorSettings): Step {
  const next = state.lock.is === 'pulse' ? state.lock.next : undefined;
  const locked = relock(state, atMs, cause, settings);
  const untilMs = atMs + settings.restMs;
  // What would be left is shorter than the rest itself: that would only chatter.
  if (!next || next.untilMs - untilMs < settings.restMs) return locked;
  return { ...locked, state: { ...locked.state, lock: { is: 'resting', untilMs, next } } };
}

/**
 * Lets somebody pass: a pulse now, or after the relay's rest, up to `passage.untilMs`.
 * A pulse that runs is never prolonged (it would be energised longer than a pulse in one go): the later passage waits for its end.
 */
export function pass(state: DoorState, atMs: number, passage: Passage, settings: DoorSettings): Step {
  const { lock } = state;
  switch (lock.is) {
    case 'stopped':
      return refuse(state, 'stopped');
    case 'held':
      return { state, emit: [] };
    case 'pulse':
      return { state: { ...state, lock: { ...lock, next: passage } }, emit: [] };
    case 'resting':
      return { state: { ...state, lock: { ...lock, next: passage } }, emit: [] };
    case 'locked': {
      // The last pulse has not ended on the line itself yet.
      if (!isReleased(state)) return refuse(state, 'relay_fault');
      const restedAtMs = lock.sinceMs + settings.restMs;
      if (atMs >= restedAtMs) return beginPulse(state, atMs, passage);
      return { state: { ...state, lock: { is: 'resting', untilMs: restedAtMs, next: passage } }, emit: [] };
    }
  }
}

/** For a lock that is told to be released: as far as anybody knows, the line is. */
export function isReleased(state: DoorState): boolean {
  return state.relay !== 'will_not_release' && state.disagreesSinceMs === undefined;
}

/** Energises for this passage, until its end. */
export function beginPulse(state: DoorState, atMs: number, passage: Passage): Step {
  return {
    state: { ...state, lock: { is: 'pulse', sinceMs: atMs, passage, confirmed: false }, disagreesSinceMs: undefined },
    relay: 'energise',
    emit: [],
  };
}

/** Enters mode `open`: energised until told otherwise, the only case longer than a pulse. */
export function holdReleased(state: DoorState, atMs: number, by: { cause: 'command' | 'schedule'; person?: PersonRef }): Step {
  const lock = { is: 'held', sinceMs: atMs, confirmed: false, ...by } as const;
  return {
    state: { ...state, mode: 'open', modeBy: by.cause, lock, disagreesSinceMs: undefined },
    relay: 'energise',
    emit: [],
  };
}

/** The line as it was read back after a write or in passing, against what it was told. */
export function compareReadback(state: DoorState, atMs: number, energised: boolean, settings: DoorSettings): Step {
  const told = isEnergised(state);
  if (energised === told) return confirm(state);

  const sinceMs = state.disagreesSinceMs ?? atMs;
  const disagreeing = { ...state, disagreesSinceMs: sinceMs };
  const toleratedMs = state.lock.is === 'stopped' ? 0 : settings.jammedAfterMs;
  if (atMs < sinceMs + toleratedMs) return { state: disagreeing, emit: [], ...(told ? {} : { relay: 'release' as const }) };

  const relay = told ? 'will_not_energise' : 'will_not_release';
  const emit: Happening[] = told || state.relay !== relay ? [{ type: 'jammed' }] : [];
  return andThen({ state: { ...disagreeing, relay }, emit }, (next) => relock(next, atMs, 'fault', settings));
}

/** The line reads as told. */
function confirm(state: DoorState): Step {
  const { lock } = state;
  const relay = isEnergised(state) || state.relay === 'will_not_release' ? 'ok' : state.relay;
  const emit: Happening[] = relay === state.relay ? [] : [{ type: 'relay_ok' }];
  const agreed: DoorState = { ...state, relay, disagreesSinceMs: undefined };
  if ((lock.is !== 'pulse' && lock.is !== 'held') || lock.confirmed) return { state: agreed, emit };

  const { cause, person } = lock.is === 'pulse' ? lock.passage : lock;
  const pulse = lock.is === 'pulse' ? { pulseMs: Math.round(lock.passage.untilMs - lock.sinceMs) } : {};
  emit.push({ type: 'unlocked', cause, ...(person ? { person } : {}), ...pulse });
  return { state: { ...agreed, lock: { ...lock, confirmed: true } }, emit };
}
