import type { Happening } from '../events.js';
import { unchanged, type DoorSettings, type DoorState, type Step } from './door-state.js';

/** The door leaf was seen opening or closing, or seen for the first time: then nobody saw it move. */
export function contactChanged(state: DoorState, atMs: number, open: boolean): Step {
  const { contact } = state;
  if (contact.is === (open ? 'open' : 'closed')) return unchanged(state);
  if (!open) {
    const emit: Happening[] = contact.is === 'open' ? [{ type: 'closed', durationMs: Math.round(atMs - contact.sinceMs) }] : [];
    return { state: { ...state, contact: { is: 'closed' } }, emit };
  }
  const forced = contact.is === 'closed' && state.lock.is === 'locked' && atMs > state.passUntilMs;
  const seen: Happening[] = contact.is === 'closed' ? [{ type: 'opened' }] : [];
  return {
    state: { ...state, contact: { is: 'open', sinceMs: atMs, heldFromMs: atMs, held: 'no' } },
    emit: forced ? [...seen, { type: 'forced_open' }] : seen,
  };
}

/** When the open door is next to be reported as held open; undefined when it is not, or may be. */
export function heldOpenDeadlineMs(state: DoorState, settings: DoorSettings): number | undefined {
  const { contact } = state;
  if (contact.is !== 'open' || contact.held === 'alarm' || state.mode === 'open') return undefined;
  return contact.heldFromMs + (contact.held === 'no' ? settings.heldOpenWarningMs : settings.heldOpenAlarmMs);
}

/** Warns, then raises the alarm, of a door that stands open; both when both times have passed. */
export function heldOpenElapsed(state: DoorState, atMs: number, settings: DoorSettings): Step {
  const { contact } = state;
  const dueMs = heldOpenDeadlineMs(state, settings);
  if (contact.is !== 'open' || dueMs === undefined || atMs < dueMs) return unchanged(state);
  const level = contact.held === 'no' ? 'warning' : 'alarm';
  const later = heldOpenElapsed({ ...state, contact: { ...contact, held: level } }, atMs, settings);
  return { ...later, emit: [{ type: 'held_open', level, durationMs: Math.round(atMs - contact.sinceMs) }, ...later.emit] };
}
