import { distanceOfDot, dotProduct, toFaceNetScale } from './distance.js';
import type { Embedding } from './embedding.js';
import type { Person } from './person.js';

/** The person whose template lies nearest to a probe. */
export interface Match {
  readonly person: Person;
  /** L2 on the FaceNet scale. */
  readonly distance: number;
  /** The distance of the next other person's nearest template; infinite when there is nobody else. */
  readonly runnerUpDistance: number;
}

/** Answers who a probe is nearest to, over the templates of one encoder. */
export interface Gallery {
  /** 1:K. Undefined when nobody can be compared. */
  nearest(probe: Embedding): Match | undefined;
  /** 1:1 against one person's templates. Undefined when that person has none of this encoder. */
  compare(probe: Embedding, personId: string): Match | undefined;
  /** People none of whose templates come from this encoder: they must be enrolled again before the door knows them. */
  readonly toEnrollAgain: readonly Person[];
}

/**
 * @param rawThreshold the encoder's raw distance that stands for 0.7 on the FaceNet scale
 */
export function createGallery(people: readonly Person[], encoder: string, rawThreshold: number): Gallery {
  const rows = people.flatMap((person) =>
    person.templates.filter((template) => template.encoder === encoder).map(({ vector }) => ({ person, vector })),
  );
  const comparable = new Set(rows.map(({ person }) => person));

  function nearestOf(probe: Embedding, candidates: typeof rows): Match | undefined {
    // Another encoder's vectors live in another space: a distance between the two means nothing.
    if (probe.encoder !== encoder) return undefined;
    const best = new Map<Person, number>();
    for (const { person, vector } of candidates) {
      if (vector.length !== probe.vector.length) continue;
      const distance = toFaceNetScale(distanceOfDot(dotProduct(probe.vector, vector)), rawThreshold);
      if (distance < (best.get(person) ?? Infinity)) best.set(person, distance);
    }
    let match: Match | undefined;
    for (const [person, distance] of best) {
      if (!match || distance < match.distance) match = { person, distance, runnerUpDistance: match?.distance ?? Infinity };
      else if (distance < match.runnerUpDistance) match = { ...match, runnerUpDistance: distance };
    }
    return match;
  }

  return {
    nearest: (probe) => nearestOf(probe, rows),
    compare: (probe, personId) =>
      nearestOf(
        probe,
        rows.filter(({ person }) => person.id === personId),
      ),
    toEnrollAgain: people.filter((person) => !comparable.has(person)),
  };
}
