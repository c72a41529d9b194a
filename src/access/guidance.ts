import type { QualityRejection } from '../events.js';

/** What a person before the door has been told, and what they may have to be told next. */
export interface Guidance {
  /** The last thing that was said. */
  readonly told?: QualityRejection;
  /** What the frames say since `sinceMs`. */
  readonly seen?: QualityRejection;
  readonly sinceMs: number;
}

export const nothingToSay: Guidance = { sinceMs: -Infinity };

/** A fault in a single frame (a blink of the exposure, a step) is not worth a word: it must last so long. */
const LASTING_MS = 300;

/** Follows why the frames of a presentation are not good enough; `told` changes when there is something new to say. */
export function advise(before: Guidance, rejection: QualityRejection | undefined, atMs: number): Guidance {
  const told = before.told && { told: before.told };
  if (rejection === undefined) return { ...told, sinceMs: atMs };
  if (rejection !== before.seen) return { ...told, seen: rejection, sinceMs: atMs };
  return atMs - before.sinceMs >= LASTING_MS ? { ...before, told: rejection } : before;
}
