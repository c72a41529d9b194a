import type { DoorSettings } from '../../src/door/door-state.js';

/** Round numbers, so that sums in the tests can be done in the head. */
export const settings: DoorSettings = {
  pulseMs: 3_000,
  restMs: 300,
  maxGrantAgeMs: 1_000,
  relockOnOpening: true,
  forcedOpenGraceMs: 1_000,
  heldOpenWarningMs: 20_000,
  heldOpenAlarmMs: 40_000,
  jammedAfterMs: 50,
  checkMs: 1_000,
  exitButtonInLockdown: true,
};
