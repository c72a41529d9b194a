import type { QualityRejection } from '../events.js';
import type { Box } from '../faces/face.js';
import { opinionOf, type AgreementRules, type Opinion, type Vote } from './agreement.js';
import { advise, nothingToSay, type Guidance } from './guidance.js';
import { associate, type Sighting, type Track, type TrackingLimits } from './tracks.js';

/** A face in one frame and what the gallery says of it; without `vote` it is followed but has no say. */
export interface Candidate extends Sighting {
  readonly vote?: Omit<Vote, 'atMs'>;
  /** Why there is no vote, where the person can do something about it. */
  readonly rejection?: QualityRejection;
}

export interface PresentationRules extends AgreementRules, TrackingLimits {
  /** A face unseen for so long has left; votes older than this count no more. */
  readonly expireMs: number;
  /** Votes without agreement after which the presentation is denied. */
  readonly denyFrames: number;
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
export interface Advice {
  readonly presentation: number;
  readonly reason: QualityRejection;
}

interface Presentation {
  readonly id: number;
  readonly track: Track;
  readonly votes: readonly Vote[];
  readonly guidance: Guidance;
  readonly verdictAtMs?: number;
}

/**
 * Follows the faces before the door, each as its own presentation, and gives each one verdict.
 *
 * Nothing here looks at a clock: time is the frames' capture time, so that a verdict depends on the frames alone.
 */
export class Presentations {
  readonly #rules: PresentationRules;
  #open: readonly Presentation[] = [];
  #lastFrameMs = -Infinity;
  #made = 0;

  constructor(rules: PresentationRules) {
    this.#rules = rules;
  }

  /** The faces of a frame. A frame that is not newer than the last one is passed over. */
  see(candidates: readonly Candidate[], capturedAtMs: number): { verdicts: Verdict[]; advice: Advice[] } {
    const verdicts: Verdict[] = [];
    const advice: Advice[] = [];
    if (!(capturedAtMs > this.#lastFrameMs)) return { verdicts, advice };
    this.#lastFrameMs = capturedAtMs;
    const present = this.#open.filter((presentation) => !this.#expired(presentation, capturedAtMs));
    verdicts.push(...this.#farewell(this.#open.filter((presentation) => !present.includes(presentation))));

    const tracks = associate(
      present.map(({ track }) => track),
      candidates,
      this.#rules,
    );
    const seen = candidates.map((candidate, i) => {
      const before = present.find(({ track }) => track === tracks[i]);
      const voted = this.#withVote(this.#continue(before, candidate, capturedAtMs), candidate, capturedAtMs);
      const guidance = advise(voted.guidance, candidate.rejection, capturedAtMs);
      const after = { ...voted, guidance };
      // Who has a verdict needs no advice.
      if (guidance.told && guidance.told !== voted.guidance.told && voted.verdictAtMs === undefined) {
        advice.push({ presentation: after.id, reason: guidance.told });
      }
      const verdict = candidate.vote && this.#verdictOn(after);
      if (!verdict) return after;
      verdicts.push(verdict);
      return { ...after, verdictAtMs: capturedAtMs };
    });
    const unseen = present.filter(({ track }) => !tracks.includes(track));
    this.#open = [...seen, ...unseen];
    return { verdicts, advice };
  }

  /** Time passed without frames: those who left without a verdict get theirs. */
  expire(nowMs: number): Verdict[] {
    const gone = this.#open.filter((presentation) => this.#expired(presentation, nowMs));
    this.#open = this.#open.filter((presentation) => !gone.includes(presentation));
    return this.#farewell(gone);
  }

  /** What was said so far counts no more, but the faces are still the same presentations (a claim ended). */
  clearVotes(): void {
    this.#open = this.#open.map((presentation) => ({ ...presentation, votes: [] }));
  }

  /** Every face is a new presentation from now on (a claim began, the people changed). */
  reset(): void {
    this.#open = [];
  }

  #expired({ track }: Presentation, nowMs: number): boolean {
    return nowMs - track.seenAtMs > this.#rules.expireMs;
  }

  #continue(before: Presentation | undefined, { box, embedding }: Candidate, atMs: number): Presentation {
    const again = before?.verdictAtMs !== undefined && atMs - before.verdictAtMs >= this.#rules.againMs;
    const kept = embedding ?? before?.track.embedding;
    const base = before && !again ? before : { id: ++this.#made, votes: [], guidance: nothingToSay };
    return { ...base, track: { id: base.id, box, seenAtMs: atMs, ...(kept && { embedding: kept }) } };
  }

  #withVote(presentation: Presentation, { vote }: Candidate, atMs: number): Presentation {
    const recent = presentation.votes.filter((earlier) => atMs - earlier.atMs <= this.#rules.expireMs);
    const votes = vote ? [...recent, { ...vote, atMs }] : recent;
    return { ...presentation, votes: votes.slice(-Math.max(this.#rules.denyFrames, this.#rules.windowFrames)) };
  }

  #verdictOn({ id, track, votes, verdictAtMs }: Presentation): Verdict | undefined {
    if (verdictAtMs !== undefined) return undefined;
    const opinion = opinionOf(votes, this.#rules);
    if (opinion.kind === 'agreed' || votes.length >= this.#rules.denyFrames) return { presentation: id, opinion, face: track };
    return undefined;
  }

  /** Somebody who was seen long enough to be judged, but left before agreement, was denied; a passer-by was not there. */
  #farewell(gone: readonly Presentation[]): Verdict[] {
    return gone
      .filter(({ votes, verdictAtMs }) => verdictAtMs === undefined && votes.length >= this.#rules.agreeFrames)
      .map(({ id, track, votes }) => ({ presentation: id, opinion: denied(opinionOf(votes, this.#rules)), face: track }));
  }
}

/** Whatever the votes said, who has left is not let in. */
function denied(opinion: Opinion): Opinion {
  if (opinion.kind === 'doubt') return opinion;
  return {
    kind: 'doubt',
    reason: 'expired',
    distance: opinion.distance,
    ...(opinion.liveness !== undefined && { liveness: opinion.liveness }),
  };
}
