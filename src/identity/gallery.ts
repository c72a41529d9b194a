import type { ModelEntry } from '../inference/manifest.js';
import { distanceOfDot, dotProduct, toFaceNetScale } from './distance.js';
import type { Embedding } from './embedding.js';
import { NearestRows } from './nearest/nearest-rows.js';
import type { Change } from './people.js';
import type { Person, Template } from './person.js';

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
  /** 1:K. Undefined when nobody can be compared. @param exceptId somebody who does not count */
  nearest(probe: Embedding, exceptId?: string): Match | undefined;
  /** 1:1 against one person's templates. Undefined when that person has none of this encoder. */
  compare(probe: Embedding, personId: string): Match | undefined;
  /** People none of whose templates come from this encoder: they must be enrolled again before the door knows them. */
  readonly toEnrollAgain: readonly Person[];
  /** Takes up who came, changed and went; nobody else's templates are touched. */
  update(changes: readonly Change[]): void;
}

/**
 * @param encoder only templates of this very encoder file count: another one's lie in another space
 * @param rawThreshold the encoder's raw distance that stands for 0.7 on the FaceNet scale
 */
export function createGallery(
  people: readonly Person[],
  encoder: Pick<ModelEntry, 'id' | 'sha256'>,
  rawThreshold: number,
): Gallery {
  const known = new Map<string, Person>();
  let rows: NearestRows | undefined;

  const comparable = ({ templates }: Person) =>
    templates.filter((template) => template.encoder === encoder.id && template.modelSha256 === encoder.sha256);
  const distance = (dot: number) => toFaceNetScale(distanceOfDot(dot), rawThreshold);

  function put(person: Person): void {
    for (const { vector } of comparable(person)) {
      rows ??= new NearestRows(vector.length);
      if (vector.length === rows.dimensions) rows.add(person.id, vector);
    }
  }

  function update(changes: readonly Change[]): void {
    for (const { before, after } of changes) {
      if (after) known.set(after.id, after);
      else if (before) known.delete(before.id);
      if (before && after && sameTemplates(before, after)) continue;
      if (before) rows?.remove(before.id);
      if (after) put(after);
    }
  }

  update(people.map((after) => ({ after })));

  return {
    update,

    nearest(probe, exceptId) {
      if (probe.encoder !== encoder.id) return undefined;
      const { first, second } = rows?.nearestTwo(probe.vector, exceptId) ?? {};
      const person = first && known.get(first.owner);
      if (!person) return undefined;
      return { person, distance: distance(first.dot), runnerUpDistance: second ? distance(second.dot) : Infinity };
    },

    compare(probe, personId) {
      const person = known.get(personId);
      if (probe.encoder !== encoder.id || !person) return undefined;
      const dots = comparable(person)
        .filter(({ vector }) => vector.length === probe.vector.length)
        .map(({ vector }) => dotProduct(probe.vector, vector));
      const nearest = Math.max(...dots);
      return Number.isFinite(nearest) ? { person, distance: distance(nearest), runnerUpDistance: Infinity } : undefined;
    },

    get toEnrollAgain() {
      return [...known.values()].filter(({ id }) => !rows?.has(id));
    },
  };
}

/** A template never changes, so its id stands for it. */
function sameTemplates({ templates: before }: Person, { templates: after }: Person): boolean {
  const ids = (templates: readonly Template[]) => templates.map(({ id }) => id).join();
  return ids(before) === ids(after);
}
