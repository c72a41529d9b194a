import type { ChallengeAction, DenyReason, QualityRejection } from '../events.js';
import type { Box } from '../faces/face.js';
import type { Movement } from '../faces/movement.js';
import { opinionOf, type AgreementRules, type Opinion, type Vote } from './agreement.js';
import { anyAction, beginChallenge, stepChallenge, type Challenge } from './challenge.js';
import { advise, nothingToSay, type Guidance } from './guidance.js';
import { associate, type Sighting, type Track, type TrackingLimits } from './tracks.js';

/** A face in one frame and what the gallery says of it; without `vote` it is followed but has no say. */
export interface Candidate extends Sighting {
  readonly vote?: Omit<Vote, 'atMs'>;
  /** Why there is no vote, where the person can do something about it. */
  readonly rejection?: QualityRejection;
  readonly movement?: Movement;
}

/** When a person is asked to show that they live, and how long they have for it. */
export interface ChallengeRules {
  /** Asked of those whose mean liveness is below this; of everybody without it. */
  readonly below?: number;
  /** Of one action. */
  readonly timeoutMs: number;
  /** So many actions, one after the other. */
  readonly actions: number;
}

export interface PresentationRules extends AgreementRules, TrackingLimits {
  /** A face unseen for so long has left; votes older than this count no more. */
  readonly expireMs: number;
  /** Votes without agreement after which the presentation is denied. */
  readonly denyFrames: number;
  /** Absent where nobody is challenged. */
  readonly challenge?: ChallengeRules;
  /** A face that stays is presented anew so long after its verdict. */
  readonly againMs: number;
}

/** The one verdict on one presentation. */
export interface Verdict {
  readonly presentation: number;
  readonly opinion: Opinion;
  /** Where its face was seen last, and when. */
  readonly face: SeenAt;
}

export interface SeenAt {
  readonly box: Box;
  readonly seenAtMs: number;
}

/** What a person before the door is to be told. */
export type Notice = { readonly presentation: number } & (
  | { readonly kind: 'guidance'; readonly reason: QualityRejection }
  | { readonly kind: 'challenge' | 'challenge_passed'; readonly action: ChallengeAction }
);

interface Presentation {
  readonly id: number;
  readonly track: Track;
  readonly votes: readonly Vote[];
  readonly guidance: Guidance;
  /** From the moment in which it is asked for, and of whom the votes spoke then. */
  readonly challenge?: { readonly state: Challenge; readonly personId: string; readonly toCome: number };
  readonly verdictAtMs?: number;
}

/**
 * Follows the faces before the door, each as its own presentation, and gives each one verdict.
 *
 * Nothing here looks at a clock: time is the frames' capture time, so that a verdict depends on the frames alone.
 */
export class Presentations {
  readonly #rules: PresentationRules;
  readonly #chooseAction: (done?: ChallengeAction) => ChallengeAction;
  #open: readonly Presentation[] = [];
  #lastFrameMs = -Infinity;
  #made = 0;

  /** @param chooseAction what the next challenge asks for */
  constructor(rules: PresentationRules, chooseAction: (done?: ChallengeAction) => ChallengeAction = anyAction) {
    this.#rules = rules;
    this.#chooseAction = chooseAction;
  }

  /** The faces of a frame. A frame that is not newer than the last one is passed over. */
  see(candidates: readonly Candidate[], capturedAtMs: number): { verdicts: Verdict[]; notices: Notice[] } {
    const verdicts: Verdict[] = [];
    const notices: Notice[] = [];
    if (!(capturedAtMs > this.#lastFrameMs)) return { verdicts, notices };
    this.#lastFrameMs = capturedAtMs;
    const present = this.#open.filter((presentation) => !this.#expired(presentation, capturedAtMs));
    verdicts.push(...this.#farewell(this.#open.filter((presentation) => !present.includes(presentation))));

    const tracks = associate(
      present.map(({ track }) => track),
      candidates,
      this.#rules,
      capturedAtMs,
    );
    const seen = candidates.map((candidate, i) => {
      const before = present.find(({ track }) => track === tracks[i]);
      const continued = this.#continue(before, candidate, capturedAtMs);
      const voted = this.#withVote(continued, candidate, capturedAtMs);
      const after = this.#withChallenge(this.#withGuidance(voted, candidate, capturedAtMs), candidate, capturedAtMs);
      notices.push(...newsOf(continued, after));
      const verdict = this.#verdictOn(after, candidate.vote !== undefined, capturedAtMs);
      if (!verdict) return after;
      verdicts.push(verdict);
      return { ...after, verdictAtMs: capturedAtMs };
    });
    const unseen = present.filter(({ track }) => !tracks.includes(track));
    this.#open = [...seen, ...unseen];
    return { verdicts, notices };
  }

  /** Time passed without frames: those who left without a verdict get theirs. */
  expire(nowMs: number): Verdict[] {
    const gone = this.#open.filter((presentation) => this.#expired(presentation, nowMs));
    this.#open = this.#open.filter((presentation) => !gone.includes(presentation));
    return this.#farewell(gone);
  }

  /** Whether a face that was seen just now has no verdict yet. */
  get undecided(): boolean {
    return this.#open.some(({ verdictAtMs }) => verdictAtMs === undefined);
  }

  /** Whether the face that was seen last in this very box has its verdict, and is not presented anew in a frame of this time. */
  isDecided(box: Box, atMs: number): boolean {
    const presentation = this.#open.find(({ track }) => track.box === box);
    return presentation?.verdictAtMs !== undefined && !this.#isAnew(presentation, atMs);
  }

  /** Every face is a new presentation from now on (a claim began); who was seen long enough to be judged is denied. */
  dismiss(): Verdict[] {
    const gone = this.#open;
    this.#open = [];
    return this.#farewell(gone);
  }

  /** What was said so far counts no more, but the faces are still the same presentations (a claim ended). */
  clearVotes(): void {
    this.#open = this.#open.map(({ challenge: _, ...presentation }) => ({ ...presentation, votes: [] }));
  }

  /** Every face is a new presentation from now on, and nobody is denied (the people changed). */
  reset(): void {
    this.#open = [];
  }

  #expired({ track }: Presentation, nowMs: number): boolean {
    return nowMs - track.seenAtMs > this.#rules.expireMs;
  }

  #isAnew({ verdictAtMs }: Presentation, atMs: number): boolean {
    return verdictAtMs !== undefined && atMs - verdictAtMs >= this.#rules.againMs;
  }

  #continue(before: Presentation | undefined, { box, embedding }: Candidate, atMs: number): Presentation {
    const kept = embedding ?? before?.track.embedding;
    const base = before && !this.#isAnew(before, atMs) ? before : { id: ++this.#made, votes: [], guidance: nothingToSay };
    return { ...base, track: { id: base.id, box, seenAtMs: atMs, ...(kept && { embedding: kept }) } };
  }

  #withVote(presentation: Presentation, { vote }: Candidate, atMs: number): Presentation {
    const recent = presentation.votes.filter((earlier) => atMs - earlier.atMs <= this.#rules.expireMs);
    const votes = vote ? [...recent, { ...vote, atMs }] : recent;
    return { ...presentation, votes: votes.slice(-Math.max(this.#rules.denyFrames, this.#rules.windowFrames)) };
  }

  /** Who has a verdict needs no advice, and who is being challenged follows that prompt. */
  #withGuidance(presentation: Presentation, { rejection }: Candidate, atMs: number): Presentation {
    if (presentation.verdictAtMs !== undefined || presentation.challenge) return presentation;
    return { ...presentation, guidance: advise(presentation.guidance, rejection, atMs) };
  }

  /**
   * Challenges whom the votes agree on, once, and follows what they do. Only frames that were encoded are evidence: they are
   * known to show the same face, so that nobody can do the moving for a picture.
   */
  #withChallenge(presentation: Presentation, { movement, vote }: Candidate, atMs: number): Presentation {
    const { challenge, verdictAtMs } = presentation;
    if (!this.#rules.challenge || !vote || verdictAtMs !== undefined) return presentation;
    if (challenge) {
      if (!movement) return presentation;
      const state = stepChallenge(challenge.state, movement, atMs);
      if (state.outcome !== 'passed' || challenge.toCome === 0) return { ...presentation, challenge: { ...challenge, state } };
      const next = beginChallenge(this.#chooseAction(state.action), atMs, state.neutral ?? state.rest);
      return { ...presentation, challenge: { ...challenge, state: next, toCome: challenge.toCome - 1 } };
    }
    const opinion = opinionOf(presentation.votes, this.#rules);
    if (opinion.kind !== 'agreed' || !this.#isDoubtful(opinion.liveness)) return presentation;
    // A doubt may go with the frames that the window still has room for.
    if (this.#rules.challenge.below !== undefined && presentation.votes.length < this.#rules.windowFrames) return presentation;
    const state = beginChallenge(this.#chooseAction(), atMs);
    const toCome = this.#rules.challenge.actions - 1;
    return { ...presentation, challenge: { state, personId: opinion.person.id, toCome } };
  }

  #isDoubtful(liveness: number | undefined): boolean {
    const { challenge } = this.#rules;
    if (!challenge) return false;
    return challenge.below === undefined || !(liveness !== undefined && liveness >= challenge.below);
  }

  /** @param voted whether this very frame had a say */
  #verdictOn(presentation: Presentation, voted: boolean, atMs: number): Verdict | undefined {
    const { id, track, votes, verdictAtMs, challenge } = presentation;
    if (verdictAtMs !== undefined) return undefined;
    const opinion = opinionOf(votes, this.#rules);
    const verdict = (it: Opinion): Verdict => ({ presentation: id, opinion: it, face: track });
    if (challenge) {
      const { outcome, begunAtMs } = challenge.state;
      const timedOut = !(atMs - begunAtMs < (this.#rules.challenge?.timeoutMs ?? 0));
      if (outcome === 'failed' || (outcome === 'pending' && timedOut)) return verdict(doubted(opinion, 'challenge_failed'));
      if (outcome === 'passed' && voted && opinion.kind === 'agreed') {
        return verdict(opinion.person.id === challenge.personId ? opinion : doubted(opinion, 'ambiguous'));
      }
      return timedOut ? verdict(denied(opinion)) : undefined;
    }
    if (!voted) return undefined;
    if (opinion.kind === 'agreed') return this.#isDoubtful(opinion.liveness) ? undefined : verdict(opinion);
    return votes.length >= this.#rules.denyFrames ? verdict(opinion) : undefined;
  }

  /**
   * Somebody who was seen long enough to be judged, but left before agreement, was denied; a passer-by was not there. Who leaves
   * a challenge has failed it: nobody may come again and again until one is drawn that a picture passes.
   */
  #farewell(gone: readonly Presentation[]): Verdict[] {
    return gone
      .filter(
        ({ votes, verdictAtMs, challenge }) =>
          verdictAtMs === undefined && (challenge !== undefined || votes.length >= this.#rules.agreeFrames),
      )
      .map(({ id, track, votes, challenge }) => {
        const opinion = opinionOf(votes, this.#rules);
        const unmet = challenge && !(challenge.toCome === 0 && challenge.state.outcome === 'passed');
        return { presentation: id, opinion: unmet ? doubted(opinion, 'challenge_failed') : denied(opinion), face: track };
      });
  }
}

/** What a frame brought that the person is to be told. */
function newsOf(before: Presentation, { id: presentation, guidance, challenge }: Presentation): Notice[] {
  const action = challenge?.state.action;
  const news: Notice[] = [];
  if (guidance.told && guidance.told !== before.guidance.told)
    news.push({ presentation, kind: 'guidance', reason: guidance.told });
  if (action && challenge.toCome !== before.challenge?.toCome) news.push({ presentation, kind: 'challenge', action });
  if (action && challenge.state.outcome === 'passed' && before.challenge?.state.outcome === 'pending') {
    news.push({ presentation, kind: 'challenge_passed', action });
  }
  return news;
}

/** Whatever the votes said, who has left is not let in. */
function denied(opinion: Opinion): Opinion {
  return opinion.kind === 'doubt' ? opinion : doubted(opinion, 'expired');
}

/** The same, but denied for this reason. */
function doubted({ distance, liveness }: Opinion, reason: DenyReason): Opinion {
  return { kind: 'doubt', reason, ...(distance !== undefined && { distance }), ...(liveness !== undefined && { liveness }) };
}
