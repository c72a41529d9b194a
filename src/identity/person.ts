import { validate as isUuid } from 'uuid';
import { fault } from '../errors.js';

/** How a template came about. `adaptive` ones were refreshed by a very sure grant; the others were enrolled. */
export const templateSources = ['photo', 'camera', 'adaptive', 'import'] as const;
export type TemplateSource = (typeof templateSources)[number];

/** One face of one person as its encoder saw it. */
export interface Template {
  /** UUID version 7. */
  readonly id: string;
  /** The encoder's id in the model manifest. Templates of different encoders are never compared. */
  readonly encoder: string;
  /** SHA-256 (64 lower-case hex digits) of the encoder file that made it. */
  readonly modelSha256: string;
  /** Unit length; as many values as the encoder has dimensions. Never written to: snapshots share it. */
  readonly vector: Float32Array;
  /** 0 (useless) .. 1 (perfect). */
  readonly quality: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly source: TemplateSource;
}

/** Whether somebody enrolled it, with the person's knowledge: only such templates say who somebody is. */
export const isEnrolled = ({ source }: Pick<Template, 'source'>): boolean => source !== 'adaptive';

/** Somebody the door may know: a frozen snapshot, replaced and never changed. */
export interface Person {
  /** UUID version 7: unique for ever, also after a rename. */
  readonly id: string;
  readonly name: string;
  readonly templates: readonly Template[];
  /** ISO 8601, UTC, as all times here. */
  readonly createdAt: string;
  /** Ids of cards or key fobs that claim this identity. */
  readonly cards: readonly string[];
  /** Access begins at this time; at once if absent. */
  readonly validFrom?: string;
  /** Access ends at this time; never if absent. */
  readonly validUntil?: string;
  /** Name of a schedule in the configuration; always if absent. */
  readonly schedule?: string;
  /** When the person consented to being recognised by the face. */
  readonly consentAt?: string;
  /** When the person's data must be deleted; kept until removed if absent. */
  readonly retainUntil?: string;
}

/** Who bears a name. */
export type Named = Pick<Person, 'id'>;

const maxNameCharacters = 80;
// Bidirectional overrides would let one name look like another in a log or on a page; the joiners U+200C and U+200D stay
// allowed, names in Persian and several Indian scripts are written with them.
const forbidden = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/u;

/**
 * The name as it is stored: NFC, trimmed, 1 to 80 characters (Unicode code points) without control characters.
 * @throws PERSON_NAME_INVALID
 */
export function normaliseName(given: string): string {
  const name = given.normalize('NFC').trim();
  const refuse = (reason: string) => fault('PERSON_NAME_INVALID', { name: given, reason });
  if (name === '') throw refuse('it is empty');
  if (Array.from(name).length > maxNameCharacters) throw refuse(`it is longer than ${maxNameCharacters} characters`);
  if (forbidden.test(name)) throw refuse('it contains a control character');
  // People are found by name or id; a name in the form of an id could shadow somebody's id.
  if (isUuid(name)) throw refuse('it has the form of an id');
  return name;
}

/** Equal for names that differ only in case or in how their accents are composed. */
export function nameKey(name: string): string {
  // Up and down again folds more than down alone: "STRASSE" and "Straße" are one name.
  return name.normalize('NFC').trim().toUpperCase().toLowerCase().normalize('NFC');
}

/**
 * The normalised name, if nobody but `claimantId` has it.
 *
 * @param bearerOf who has a name, in any case
 * @throws PERSON_NAME_INVALID, PERSON_NAME_TAKEN
 */
export function claimName(given: string, bearerOf: (name: string) => Named | undefined, claimantId: string): string {
  const name = normaliseName(given);
  const bearer = bearerOf(name);
  if (bearer && bearer.id !== claimantId) throw fault('PERSON_NAME_TAKEN', { name });
  return name;
}
