import { distanceOfDot, dotProduct, toFaceNetScale } from './distance.js';
import type { NewTemplate } from './people.js';
import { isEnrolled, type Person, type Template } from './person.js';

/** When a grant is sure enough to learn from (configuration section `people.adaptive`). */
export interface AdaptiveRules {
  /** From the nearest enrolled template, on the FaceNet scale. */
  readonly maxDistance: number;
  /** 0..1. */
  readonly minQuality: number;
  /** 0..1, the passive score of the presentation. */
  readonly minLiveness: number;
  /** Between two refreshments of one person. */
  readonly everyDays: number;
  /** Raw L2: nearer to an enrolled template it tells nothing new. */
  readonly nearDuplicateDistance: number;
  /** The encoder's raw distance that stands for 0.7. */
  readonly rawThreshold: number;
}

/** A face that was granted. */
export interface GrantedFace {
  readonly template: Omit<NewTemplate, 'source'>;
  /** Absent when passive liveness is off: then nothing is learnt. */
  readonly liveness: number | undefined;
  /** To the nearest other person, on the FaceNet scale. */
  readonly othersDistance: number;
}

/** Everybody else must be so far away: a face that two people might have is learnt for none. */
const OTHERS_DISTANCE = 0.7;
const DAY_MS = 86_400_000;

/**
 * How a very sure grant renews what the door knows of a person: one adaptive template each, which is replaced. The enrolled ones
 * stay as they are, and only they say who somebody is: compared with the adaptive one, a chain of small steps could lead to
 * another face.
 *
 * @returns undefined where nothing is to be changed
 */
export function refreshment(
  person: Person,
  { template, liveness, othersDistance }: GrantedFace,
  now: Date,
  rules: AdaptiveRules,
): { readonly add: readonly NewTemplate[]; readonly drop: readonly string[] } | undefined {
  if (!(liveness !== undefined && liveness >= rules.minLiveness)) return undefined;
  if (!(template.quality >= rules.minQuality && othersDistance >= OTHERS_DISTANCE)) return undefined;

  const adaptive = person.templates.filter((template) => !isEnrolled(template));
  const newest = Math.max(...adaptive.map(({ createdAt }) => Date.parse(createdAt)));
  // Also after a clock that went back: then it is not yet time.
  if (adaptive.length > 0 && !(now.getTime() - newest >= rules.everyDays * DAY_MS)) return undefined;

  const distances = enrolledTemplates(person)
    .filter(({ encoder, modelSha256 }) => encoder === template.encoder && modelSha256 === template.modelSha256)
    .map(({ vector }) => distanceOfDot(dotProduct(vector, template.vector)));
  const nearest = Math.min(...distances);
  if (!(toFaceNetScale(nearest, rules.rawThreshold) <= rules.maxDistance)) return undefined;
  if (nearest < rules.nearDuplicateDistance) return undefined;
  return { add: [{ ...template, source: 'adaptive' }], drop: adaptive.map(({ id }) => id) };
}

export function enrolledTemplates({ templates }: Person): readonly Template[] {
  return templates.filter(isEnrolled);
}
