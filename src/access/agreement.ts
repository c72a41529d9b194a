import type { DenyReason, PersonRef } from '../events.js';

/** What one frame says of a presentation. */
export interface Vote {
  readonly atMs: number;
  /** The nearest person (1:K) or the claimed one (1:1); absent when there was nobody to compare with. */
  readonly person?: PersonRef;
  /** L2 on the FaceNet scale; infinite without a person. */
  readonly distance: number;
  /** The distance of the next other person; infinite in 1:1. */
  readonly runnerUpDistance: number;
  /** 0..1, passive liveness; absent when it is off. */
  readonly liveness?: number;
}

export interface AgreementRules {
  /** A distance below this is a match; at it, or above, is none. FaceNet scale. */
  readonly threshold: number;
  /** So many of the last `windowFrames` votes must name the same person. */
  readonly agreeFrames: number;
  readonly windowFrames: number;
  /** The runner-up must lie at least so much further away than the match. FaceNet scale. */
  readonly minMargin: number;
  /** The least mean liveness over the window, and over its frames that agree, 0..1; absent when liveness is off. */
  readonly minLiveness?: number;
}

export type Opinion =
  | { readonly kind: 'agreed'; readonly person: PersonRef; readonly distance: number; readonly liveness?: number }
  | { readonly kind: 'doubt'; readonly reason: DenyReason; readonly distance?: number; readonly liveness?: number };

/**
 * What the last votes say together. Every doubt is a denial; only votes that all rules accept agree.
 *
 * @param votes in the order of time; only the last `windowFrames` count
 */
export function opinionOf(votes: readonly Vote[], rules: AgreementRules): Opinion {
  const window = votes.slice(-rules.windowFrames);
  const judged = rules.minLiveness !== undefined;
  const liveness = livenessOf(window, judged);
  const nearest = window.reduce((least, vote) => Math.min(least, vote.distance), Infinity);
  const doubt = (reason: DenyReason, alive = liveness): Opinion => ({
    kind: 'doubt',
    reason,
    ...(Number.isFinite(nearest) && { distance: nearest }),
    ...(alive !== undefined && { liveness: alive }),
  });
  const isSpoof = (alive: number | undefined) =>
    rules.minLiveness !== undefined && !(alive !== undefined && alive >= rules.minLiveness);

  const matching = window.filter((vote) => vote.person && vote.distance < rules.threshold);
  const person = matching.at(-1)?.person;
  // Ask for liveness before identity: a spoof of a stranger is still a spoof.
  if (isSpoof(liveness)) return doubt('spoof');
  if (!person) return doubt('unknown');
  if (matching.some((vote) => vote.person?.id !== person.id)) return doubt('ambiguous');

  const clear = matching.filter((vote) => vote.runnerUpDistance - vote.distance >= rules.minMargin);
  if (clear.length < rules.agreeFrames) return doubt(matching.length >= rules.agreeFrames ? 'ambiguous' : 'unknown');
  // Votes that named the person but not closely enough weigh on the mean.
  const distance = mean(window.filter((vote) => vote.person?.id === person.id).map((vote) => vote.distance));
  if (distance === undefined || !(distance < rules.threshold)) return doubt('unknown');
  // Frames that did not name the person lend no life to those that did.
  const ofClear = livenessOf(clear, judged);
  if (isSpoof(ofClear)) return doubt('spoof', ofClear);
  return {
    kind: 'agreed',
    person,
    distance,
    ...(liveness !== undefined && ofClear !== undefined && { liveness: Math.min(liveness, ofClear) }),
  };
}

/** @param judged a vote that says nothing of life is one of a picture */
const livenessOf = (votes: readonly Vote[], judged: boolean) =>
  mean(votes.flatMap(({ liveness = judged ? 0 : undefined }) => liveness ?? []));

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;
}
