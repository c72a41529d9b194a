import type { Clock, Timer } from '../clock.js';
import type { Config } from '../config-schema.js';
import type { AccessMode, ChallengeAction, Comparison, DenyReason, Emit, PersonRef, QualityRejection } from '../events.js';
import type { Box } from '../faces/face.js';
import type { Movement } from '../faces/movement.js';
import { qualityPrompts } from '../faces/quality.js';
import { similarity } from '../identity/distance.js';
import type { Embedding } from '../identity/embedding.js';
import type { Gallery, Match } from '../identity/gallery.js';
import type { Opinion } from './agreement.js';
import { challengePrompts } from './challenge.js';
import { makeGrant, type Grant } from './grant.js';
import type { Policy } from './policy.js';
import {
  Presentations,
  type Candidate,
  type Notice,
  type PresentationRules,
  type SeenAt,
  type Verdict,
} from './presentations.js';

/** A face of one frame, as the vision path delivers it. */
export interface SeenFace {
  readonly box: Box;
  /** Absent when the face was not encoded: it is followed but never recognised. */
  readonly embedding?: Embedding;
  /** 0..1, absent when liveness is off. */
  readonly liveness?: number;
  /** Why the face was not encoded. */
  readonly rejection?: QualityRejection;
  /** Absent where no challenge is configured. */
  readonly movement?: Movement;
}

/**
 * How a door wants to know who somebody is. recognition: 1:K, and 1:1 after a command's claim. verification: 1:1 after any
 * claim, otherwise nobody is let in. either: 1:K, and 1:1 after any claim. both: 1:1 after a card's claim alone.
 */
export type DoorRule = 'recognition' | 'verification' | 'either' | 'both';

export interface AccessSettings extends PresentationRules {
  readonly mode: DoorRule;
  /** A frame older than this when it is judged opens nothing. */
  readonly maxFrameAgeMs: number;
  /** A claimed identity stands for so long. */
  readonly claimMs: number;
}

/** What a configuration says of access; `rawThreshold` is the encoder's distance that stands for 0.7. */
export function accessSettings({ access, liveness }: Config, rawThreshold: number): AccessSettings {
  const { passive, minScore, challenge, sureScore, challengeMs, challengeActions } = liveness;
  return {
    ...access,
    rawThreshold,
    ...(passive && { minLiveness: minScore }),
    ...(challenge !== 'never' && {
      challenge: {
        timeoutMs: challengeMs,
        actions: challengeActions,
        ...(challenge === 'when_doubtful' && { below: sureScore }),
      },
    }),
  };
}

/** Many frames of each presentation in, at most one Grant or denial each out. */
export interface Access {
  /** The faces of one frame. Returns the grants that they earned; each verdict is an event as well. */
  see(faces: readonly SeenFace[], capturedAtMs: number): Grant[];
  /**
   * Somebody says who they are: the next presentation is compared with that person alone.
   * @returns whether this door takes such a claim
   */
  claim(person: PersonRef, by?: 'command' | 'card'): boolean;
  /**
   * Whether the face that was seen in this very box has had its verdict and gets no other from a frame of this time: until then
   * nobody asks whether it lives.
   */
  isDecided(box: Box, atMs: number): boolean;
  /** What was seen so far counts no more: the people changed. */
  reset(): void;
  stop(): void;
}

type Decision = { readonly grantTo: PersonRef } | { readonly reason: DenyReason; readonly person?: PersonRef };

export interface AccessParts {
  readonly gallery: () => Gallery;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly emit: Emit;
  /** What the next challenge asks for; drawn at random unless given. */
  readonly chooseAction?: (done?: ChallengeAction) => ChallengeAction;
  /** Told whose verdict follows, before the verdict is emitted. */
  readonly onVerdict?: (face: SeenAt) => void;
}

export function createAccess(
  settings: AccessSettings,
  { gallery, policy, clock, emit, chooseAction, onVerdict }: AccessParts,
): Access {
  const { mode } = settings;
  const takes = { command: mode !== 'both', card: mode !== 'recognition' };
  const unclaimed: AccessMode = mode === 'recognition' || mode === 'either' ? 'recognition' : 'verification';
  const presentations = new Presentations(settings, chooseAction);
  let claim: { person: PersonRef; timer: Timer } | undefined;
  let expiry: Timer | undefined;

  function dropClaim(): void {
    if (!claim) return;
    claim.timer.cancel();
    claim = undefined;
    // Votes against one person alone had no runner-up: they must not count in a recognition.
    presentations.clearVotes();
  }

  /** Those who leave get their verdict even when the camera falls silent. */
  function armExpiry(): void {
    expiry?.cancel();
    expiry = clock.after(settings.expireMs + 1, () => announceAll(presentations.expire(clock.monotonicMs())));
  }

  /** Of several faces that were compared with a claim, it belongs to the one that answers it. */
  function announceAll(verdicts: readonly Verdict[]): Grant[] {
    const claimed = claim?.person;
    const answers = ({ opinion }: Verdict) => Number(claimed !== undefined && opinion.kind === 'agreed');
    return [...verdicts].sort((a, b) => answers(b) - answers(a)).flatMap((verdict) => announce(verdict, claimed) ?? []);
  }

  /** @param claimed with whom the face was compared alone; the claim may have been spent on another face of the same frame */
  function announce({ presentation, opinion, face }: Verdict, claimed: PersonRef | undefined): Grant | undefined {
    const comparison: Comparison = {
      mode: claimed ? 'verification' : unclaimed,
      threshold: settings.threshold,
      track: presentation,
      ...(opinion.distance !== undefined && {
        distance: opinion.distance,
        similarity: similarity(opinion.distance, settings.threshold),
      }),
      ...(opinion.liveness !== undefined && { liveness: opinion.liveness }),
    };
    const spent = claimed !== undefined && claim === undefined;
    // Who is denied beside somebody that is still being looked at does not spend the other's claim.
    if (opinion.kind === 'agreed' || !presentations.undecided) dropClaim();
    const decision: Decision = spent && opinion.kind === 'agreed' ? { reason: 'ambiguous' } : decide(opinion, claimed);
    onVerdict?.(face);
    if ('grantTo' in decision) {
      const person = decision.grantTo;
      emit({ type: 'granted', person, ...comparison });
      policy.granted();
      return makeGrant({ cause: 'face', person, decidedAtMs: clock.monotonicMs() });
    }
    emit({ type: 'denied', ...decision, ...(claimed && { claimed }), ...comparison });
    policy.denied(decision.reason);
    return undefined;
  }

  function tell(notice: Notice): void {
    const { presentation: track } = notice;
    if (notice.kind === 'guidance') {
      const { reason } = notice;
      emit({ type: 'guidance', reason, prompt: qualityPrompts[reason], track });
      return;
    }
    const { action } = notice;
    const timeoutMs = settings.challenge?.timeoutMs ?? 0;
    if (notice.kind === 'challenge') emit({ type: 'challenge', action, prompt: challengePrompts[action], timeoutMs, track });
    else emit({ type: 'challenge_passed', action, prompt: qualityPrompts.turned_away, track });
  }

  /** The policy speaks last: who agreement alone would let in may still be refused. */
  function decide(opinion: Opinion, claimed: PersonRef | undefined): Decision {
    if (opinion.kind === 'agreed') {
      const { person } = opinion;
      const reason = policy.refusal(person);
      return reason ? { reason, person } : { grantTo: person };
    }
    if (policy.lockedOut()) return { reason: 'locked_out' };
    return { reason: claimed && opinion.reason === 'unknown' ? 'too_far' : opinion.reason };
  }

  return {
    see(faces, capturedAtMs) {
      const ageMs = clock.monotonicMs() - capturedAtMs;
      // Put so that NaN, or a frame from the future (another clock), is stale as well.
      if (!(ageMs >= 0 && ageMs <= settings.maxFrameAgeMs)) return [];
      const seen = gallery();
      const candidates = faces.map((face) => candidateOf(face, seen, unclaimed, claim?.person));
      armExpiry();
      const { verdicts, notices } = presentations.see(candidates, capturedAtMs);
      notices.forEach(tell);
      return announceAll(verdicts);
    },
    claim(person, by = 'command') {
      if (!takes[by]) return false;
      // Else a card, presented again and again, would keep a face from ever being counted as a failure.
      announceAll(presentations.dismiss());
      dropClaim();
      claim = { person, timer: clock.after(settings.claimMs, dropClaim) };
      return true;
    },
    isDecided: (box, atMs) => presentations.isDecided(box, atMs),
    reset() {
      presentations.reset();
    },
    stop() {
      expiry?.cancel();
      dropClaim();
      presentations.reset();
    },
  };
}

/** What a face says of who it is; only its place when a claim is needed and none stands, and no vote when it was not encoded. */
function candidateOf(face: SeenFace, gallery: Gallery, mode: AccessMode, claimed: PersonRef | undefined): Candidate {
  const { box, embedding, liveness, rejection, movement } = face;
  const sighting = { box, ...(embedding && { embedding }), ...(movement && { movement }) };
  if (mode === 'verification' && !claimed) return sighting;
  if (!embedding) return { ...sighting, ...(rejection && { rejection }) };
  const match: Match | undefined = claimed ? gallery.compare(embedding, claimed.id) : gallery.nearest(embedding);
  const { person, distance = Infinity, runnerUpDistance = Infinity } = match ?? {};
  return {
    ...sighting,
    vote: {
      distance,
      runnerUpDistance,
      ...(person && { person: { id: person.id, name: person.name } }),
      ...(liveness !== undefined && { liveness }),
    },
  };
}
