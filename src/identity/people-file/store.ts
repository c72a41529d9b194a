import { Low } from 'lowdb';
import type { Clock } from '../../clock.js';
import { fault } from '../../errors.js';
import type { Person } from '../person.js';
import type { PeopleAdapter } from './adapter.js';
import { applyAll, type Rules } from './operations.js';
import type { PeopleDocument } from './payload.js';
import type { ChangeRequest } from './protocol.js';
import { differences, Roster, type Change } from './roster.js';

export interface PeopleChange {
  readonly people: readonly Person[];
  readonly changes: readonly Change[];
  /** This process wrote them; otherwise it found what another one had written. */
  readonly madeHere: boolean;
  /** Ids of those who are to be forgotten everywhere; their removal is among the changes unless they had been removed before. */
  readonly forgotten?: readonly string[];
}

export interface StoreOptions {
  readonly file: string;
  readonly adapter: PeopleAdapter;
  readonly clock: Clock;
  readonly rules: Rules;
  readonly onChange: (change: PeopleChange) => void;
}

/** The people in memory, always as they are on the disk. */
export class PeopleStore {
  readonly #options: StoreOptions;
  readonly #low: Low<PeopleDocument>;
  #people: readonly Person[] = Object.freeze([]);
  #roster = new Roster();

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#low = new Low<PeopleDocument>(options.adapter, { sequence: 0, savedAt: '', people: [] });
  }

  /** A frozen list of frozen people. */
  get people(): readonly Person[] {
    return this.#people;
  }

  /** By id, or by name in any case. */
  find(nameOrId: string): Person | undefined {
    return this.#roster.byId(nameOrId.trim().toLowerCase()) ?? this.#roster.byName(nameOrId);
  }

  /** Those who are only in a copy beside the file any more. */
  async former(): Promise<readonly Person[]> {
    return (await this.#options.adapter.peopleInCopies()).filter(({ id }) => !this.#roster.byId(id));
  }

  /** @throws PEOPLE_FILE_MISSING, and what PeopleAdapter.read throws */
  async load(): Promise<void> {
    const { adapter, file, onChange } = this.#options;
    const document = await adapter.read();
    if (!document) throw fault('PEOPLE_FILE_MISSING', { path: file });
    this.#low.data = document;
    const before = this.#people;
    this.#know(Roster.of(document.people));
    onChange({ people: this.#people, changes: differences(before, this.#people), madeHere: false });
  }

  /** Reads the file again if another process wrote it. */
  async refresh(): Promise<void> {
    if (await this.#options.adapter.changed()) await this.load();
  }

  /** Writes an empty file. The caller knows that there is none, and that one is wanted. */
  async create(): Promise<void> {
    await this.#write([], 0);
  }

  /**
   * Resolves when the change is durable. When it fails, memory is as it was. Not to be called while another call runs.
   *
   * @throws what applyAll() and PeopleAdapter.write throw; PEOPLE_FORGET_UNFINISHED when they are removed and a copy still has
   * them
   */
  async commit({ operations, repeated }: ChangeRequest): Promise<void> {
    const { adapter, rules, onChange } = this.#options;
    const { roster, changes } = applyAll(this.#roster, { operations, repeated, rules });
    const forgotten = operations.flatMap((operation) => (operation.kind === 'forget' ? [operation.id] : []));
    if (changes.length > 0) {
      await this.#write(roster.people(), this.#low.data.sequence + 1);
      this.#know(roster);
    }
    if (changes.length > 0 || forgotten.length > 0) {
      onChange({ people: this.#people, changes, madeHere: true, ...(forgotten.length > 0 && { forgotten }) });
    }
    // Last: from here on the door does not know them, whatever becomes of the copies.
    if (forgotten.length > 0) await adapter.forget(new Set(forgotten));
  }

  #know(roster: Roster): void {
    this.#roster = roster;
    this.#people = Object.freeze(roster.people());
  }

  async #write(people: readonly Person[], sequence: number): Promise<void> {
    const before = this.#low.data;
    this.#low.data = { sequence, savedAt: this.#options.clock.wallTime().toISOString(), people };
    try {
      await this.#low.write();
    } catch (error) {
      this.#low.data = before;
      throw error;
    }
  }
}
