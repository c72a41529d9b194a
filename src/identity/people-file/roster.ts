import { nameKey, type Person } from '../person.js';

/** One person before and after: added without a `before`, removed without an `after`. */
export interface Change {
  readonly before?: Person;
  readonly after?: Person;
}

/** The people by id, name and card: a door with 10,000 of them folds no 10,000 names at each change. */
export class Roster {
  readonly #byId: Map<string, Person>;
  readonly #byName: Map<string, Person>;
  readonly #byCard: Map<string, Person>;

  constructor(byId = new Map<string, Person>(), byName = new Map<string, Person>(), byCard = new Map<string, Person>()) {
    this.#byId = byId;
    this.#byName = byName;
    this.#byCard = byCard;
  }

  static of(people: readonly Person[]): Roster {
    const roster = new Roster();
    for (const after of people) roster.put({ after });
    return roster;
  }

  copy(): Roster {
    return new Roster(new Map(this.#byId), new Map(this.#byName), new Map(this.#byCard));
  }

  /** In the order in which they were added. */
  people(): Person[] {
    return [...this.#byId.values()];
  }

  byId(id: string): Person | undefined {
    return this.#byId.get(id);
  }

  /** In any case, composed or not. */
  byName(name: string): Person | undefined {
    return this.#byName.get(nameKey(name));
  }

  byCard(card: string): Person | undefined {
    return this.#byCard.get(card);
  }

  put({ before, after }: Change): void {
    if (before) {
      if (!after) this.#byId.delete(before.id);
      this.#byName.delete(nameKey(before.name));
      for (const card of before.cards) this.#byCard.delete(card);
    }
    if (after) {
      this.#byId.set(after.id, after);
      this.#byName.set(nameKey(after.name), after);
      for (const card of after.cards) this.#byCard.set(card, after);
    }
  }
}

/** What made the one list of people into the other. */
export function differences(before: readonly Person[], after: readonly Person[]): Change[] {
  const old = new Map(before.map((person) => [person.id, person]));
  const changes: Change[] = [];
  for (const person of after) {
    const known = old.get(person.id);
    old.delete(person.id);
    if (!known) changes.push({ after: person });
    else if (described(known) !== described(person)) changes.push({ before: known, after: person });
  }
  for (const person of old.values()) changes.push({ before: person });
  return changes;
}

/** A template never changes, so its id stands for it. */
function described({ templates, ...rest }: Person): string {
  return JSON.stringify([Object.entries(rest).sort(), templates.map(({ id }) => id)]);
}
