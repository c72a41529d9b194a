import type { PersonRef } from '../events.js';

declare const made: unique symbol;

/**
 * The right to energise the relay once. Only access/ makes one (the brand is not exported), so that a part that holds a
 * Grant can be sure that access rules were applied; only door/ spends it.
 */
export interface Grant {
  readonly [made]: true;
  readonly cause: 'face' | 'command' | 'exit_button' | 'schedule';
  readonly person?: PersonRef;
  /** Monotonic time of the decision; the door refuses a grant that is older than its limit. */
  readonly decidedAtMs: number;
}

/** For access/ alone: every caller stands in this folder (`npm run lint` checks it). */
export function makeGrant(fields: Omit<Grant, typeof made>): Grant {
  return fields as Grant;
}
