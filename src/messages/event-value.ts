import type { DoorEvent } from '../events.js';

/** What an event is worth when not all can be kept; the least goes first. */
export type EventValue = 0 | 1 | 2 | 3;
export const EVENT_VALUES: readonly EventValue[] = [0, 1, 2, 3];

/**
 * What anybody can bring about at will, from the street or on the broker, is worth least, so that a flood of it never pushes
 * out who was let in or that the door was forced.
 */
const values: { readonly [T in DoorEvent['type']]: EventValue } = {
  command_rejected: 0,
  guidance: 0,
  challenge: 0,
  challenge_passed: 0,
  camera_ok: 0,
  relay_ok: 0,
  reader_ok: 0,
  denied: 1,
  card_accepted: 1,
  card_denied: 1,
  reader_fault: 1,
  locked: 1,
  opened: 1,
  closed: 1,
  exit_button: 1,
  camera_fault: 1,
  started: 1,
  stopped: 1,
  granted: 2,
  unlocked: 2,
  unlock_refused: 2,
  forced_open: 2,
  held_open: 2,
  tamper: 2,
  jammed: 2,
  relay_fault: 2,
  input_fault: 2,
  store_fault: 2,
  enrolled: 2,
  removed: 2,
  enroll_again: 2,
  lockout: 2,
  lockdown: 2,
  command_accepted: 2,
  // There is at most one, and it tells of all the others.
  dropped: 3,
};

export function valueOf(type: DoorEvent['type']): EventValue {
  return values[type];
}
