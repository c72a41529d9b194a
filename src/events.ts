/**
 * What can happen at a door: the typed union behind the `event` topic, the audit and the terminal (docs/mqtt.md).
 * Parts emit a {@link Happening}; daemon.ts stamps it into a {@link DoorEvent}.
 */
export interface PersonRef {
  readonly id: string;
  readonly name: string;
}

/** Why a presentation did not open the door. */
export type DenyReason =
  | 'unknown'
  | 'too_far'
  | 'spoof'
  | 'challenge_failed'
  | 'outside_schedule'
  | 'locked_out'
  | 'ambiguous'
  | 'expired'
  | 'lockdown'
  | 'unknown_card';

/** Why a face is not worth encoding, the most telling reason first. */
export type QualityRejection = 'cut_off' | 'too_small' | 'too_dark' | 'too_bright' | 'turned_away' | 'blurred';

/** What a person may be asked to do, to show that they live; left and right are their own. */
export type ChallengeAction = 'blink' | 'turn_left' | 'turn_right';

/** How the identity was sought: 1:K, or 1:1 against a claimed identity. */
export type AccessMode = 'recognition' | 'verification';

export interface Comparison {
  readonly mode: AccessMode;
  /** L2 distance on the FaceNet scale; absent when there was nobody to compare with. */
  readonly distance?: number;
  /** 0..1, a sigmoid of the distance that is 0.5 at the threshold. */
  readonly similarity?: number;
  /** The distance below which the door opens. */
  readonly threshold: number;
  /** 0..1, the passive liveness score; absent when liveness is off. */
  readonly liveness?: number;
  /** The presentation's number since start. */
  readonly track: number;
}

export type Happening =
  | ({ readonly type: 'granted'; readonly person: PersonRef } & Comparison)
  /** With a `person` whose face agreed, but whom the policy did not let in. */
  | ({
      readonly type: 'denied';
      readonly reason: DenyReason;
      readonly person?: PersonRef;
      readonly claimed?: PersonRef;
    } & Comparison)
  /** What the person must do to be recognised; the prompt is for a display. At most once for each change of a presentation. */
  | { readonly type: 'guidance'; readonly reason: QualityRejection; readonly prompt: string; readonly track: number }
  /** Somebody who agreed with a template is to show that they live, within `timeoutMs`; the prompt is for a display. */
  | {
      readonly type: 'challenge';
      readonly action: ChallengeAction;
      readonly prompt: string;
      readonly timeoutMs: number;
      readonly track: number;
    }
  /** They did; who they are is to be seen once more. */
  | { readonly type: 'challenge_passed'; readonly action: ChallengeAction; readonly prompt: string; readonly track: number }
  /** A card claims this identity; the face that belongs to it is awaited. The card is masked. */
  | { readonly type: 'card_accepted'; readonly person: PersonRef; readonly card: string; readonly reader: string }
  | {
      readonly type: 'card_denied';
      readonly reason: DenyReason;
      readonly person?: PersonRef;
      readonly card: string;
      readonly reader: string;
    }
  | { readonly type: 'reader_fault'; readonly reader: string; readonly reason: string }
  | { readonly type: 'reader_ok'; readonly reader: string }
  | {
      readonly type: 'unlocked';
      readonly cause: 'face' | 'command' | 'exit_button' | 'schedule';
      readonly person?: PersonRef;
      readonly pulseMs?: number;
    }
  /** Access granted, but the door did not unlock: a relay fault, or a decision that came too late. */
  | { readonly type: 'unlock_refused'; readonly reason: string; readonly person?: PersonRef }
  | {
      readonly type: 'locked';
      readonly cause: 'timeout' | 'opened' | 'command' | 'schedule' | 'fault' | 'stop';
      readonly durationMs?: number;
    }
  | { readonly type: 'opened' }
  | { readonly type: 'closed'; readonly durationMs: number }
  | { readonly type: 'forced_open' }
  | { readonly type: 'held_open'; readonly level: 'warning' | 'alarm'; readonly durationMs: number }
  | { readonly type: 'exit_button' }
  | { readonly type: 'tamper'; readonly active: boolean }
  | { readonly type: 'jammed' }
  | { readonly type: 'camera_fault'; readonly reason: string }
  | { readonly type: 'camera_ok' }
  | { readonly type: 'relay_fault'; readonly reason: string }
  | { readonly type: 'relay_ok' }
  /** A line that cannot be read counts as open, or as tampered with. */
  | { readonly type: 'input_fault'; readonly input: 'contact' | 'exit_button' | 'tamper'; readonly reason: string }
  | { readonly type: 'store_fault'; readonly reason: string }
  | { readonly type: 'enrolled'; readonly person: PersonRef; readonly templates: number }
  | { readonly type: 'removed'; readonly person: PersonRef }
  | { readonly type: 'enroll_again'; readonly people: readonly PersonRef[]; readonly encoder: string }
  | { readonly type: 'lockout'; readonly durationMs: number; readonly failures: number }
  | { readonly type: 'lockdown'; readonly active: boolean }
  | { readonly type: 'command_accepted'; readonly command: string; readonly id: string; readonly kid: string }
  /** With `count` it stands for so many of the same kind within a second. */
  | { readonly type: 'command_rejected'; readonly command: string; readonly reason: string; readonly count?: number }
  /** Events that never reached the broker, because more waited than the outbox may hold, or for too long. */
  | { readonly type: 'dropped'; readonly count: number; readonly from: string; readonly to: string }
  | { readonly type: 'started'; readonly version: string; readonly people: number }
  | { readonly type: 'stopped'; readonly reason: string };

export type DoorEvent = Happening & {
  /** Unique and sortable by time of making (UUID version 7, RFC 9562 clause 5.7). */
  readonly eventId: string;
  /** ISO 8601, UTC. */
  readonly time: string;
};

/** Where a part puts what happened; never throws. */
export type Emit = (happening: Happening) => void;
