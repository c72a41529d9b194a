import { realpath } from 'node:fs/promises';
import { resolve } from 'node:path';
import { distance } from 'fastest-levenshtein';
import { v7 as uuid } from 'uuid';
import type { Clock } from '../clock.js';
import { fault, type ErrorCode } from '../errors.js';
import { nodeDisk, type Disk } from './people-file/disk.js';
import { mostDiverse } from './people-file/diversity.js';
import { keySourceOf, readSecret, type KeySettings, type KeySource } from './people-file/key.js';
import type { Operation, PersonFields } from './people-file/operations.js';
import { openFile } from './people-file/opening.js';
import type { PeopleChange, PeopleStore } from './people-file/store.js';
import { createVault } from './people-file/vault.js';
import type { Writer } from './people-file/writers.js';
import { nameKey, type Person, type Template } from './person.js';

export type { KeySource } from './people-file/key.js';
export type { PersonFields } from './people-file/operations.js';
export type { Change } from './people-file/roster.js';
export { rekeyPeople, type Rekeyed } from './people-file/rekey.js';
export type { PeopleChange } from './people-file/store.js';

/** A template before it is stored: the people file gives it its id and its date. */
export type NewTemplate = Omit<Template, 'id' | 'createdAt'> & { readonly createdAt?: string };

/** A person before they are stored. */
export type NewPerson = Omit<Person, 'id' | 'createdAt' | 'templates' | 'cards'> & {
  readonly templates: readonly NewTemplate[];
  readonly cards?: readonly string[];
  readonly createdAt?: string;
};

/**
 * Everybody the door may know. What is read here is in memory; a change resolves when it is durable on the disk, and a
 * change that fails leaves everything as it was. Changes, from whatever process, follow each other.
 *
 * Changes throw PERSON_UNKNOWN, PERSON_NAME_INVALID, PERSON_NAME_TAKEN, PERSON_CARD_TAKEN, PERSON_FIELD_INVALID,
 * PEOPLE_FILE_UNWRITABLE, PEOPLE_FILE_LOCKED and PEOPLE_FILE_CLOSED.
 */
export interface People {
  /** A frozen snapshot, in the order of enrolment; the next change makes another. */
  all(): readonly Person[];
  /** By id, or by name in any case. */
  find(nameOrId: string): Person | undefined;
  /** @throws PERSON_UNKNOWN, with the name that is nearest */
  get(nameOrId: string): Person;
  add(person: NewPerson): Promise<Person>;
  /** All of them in one write, or none. */
  addAll(people: readonly NewPerson[]): Promise<readonly Person[]>;
  /** Templates all but equal to one that the person has are left out. @returns the person after it */
  addTemplates(id: string, templates: readonly NewTemplate[]): Promise<Person>;
  /** Adds and drops (by template id) in one write. */
  changeTemplates(id: string, change: { add?: readonly NewTemplate[]; drop?: readonly string[] }): Promise<Person>;
  rename(id: string, name: string): Promise<Person>;
  update(id: string, fields: PersonFields): Promise<Person>;
  /** @returns the person who was removed */
  remove(id: string): Promise<Person>;
  /**
   * Removes people and takes them out of the earlier generations and of what was set aside; also those who were removed before.
   *
   * @throws PEOPLE_FORGET_UNFINISHED
   */
  forget(ids: readonly string[]): Promise<void>;
  /** Those who are only in an earlier generation, or in what was set aside, any more. Reads all of it. */
  former(): Promise<readonly Person[]>;
  /** One of them, by id or by name in any case. */
  findFormer(nameOrId: string): Promise<Person | undefined>;
  /**
   * Leaves everybody at most so many templates of each encoder: those that differ most.
   *
   * @returns those who lost some, after it
   */
  prune(maxTemplates: number): Promise<readonly Person[]>;
  /** Everybody goes and these come, ids, dates and all: a backup is restored. The old state is generation 1 then. */
  replaceAll(people: readonly Person[]): Promise<void>;
  /** Called after every change that this process made or noticed. @returns a function that ends it */
  onChange(listener: (change: PeopleChange) => void): () => void;
  /** Waits for changes under way. Safe to call twice. */
  close(): Promise<void>;
}

export interface PeopleOptions extends KeySettings {
  readonly file: string;
  /** Makes an empty file where none ever was: only at an explicit first start. */
  readonly create: boolean;
  readonly clock: Clock;
  /**
   * The daemon: keeps the lock until it is closed, and makes the changes that other processes ask for. Without it the
   * lock is taken for each change, or the change is asked of the process that keeps it.
   */
  readonly hold?: boolean;
  /** Encrypts the file. Without it or one of the settings that name a key a file in the clear is expected. */
  readonly key?: KeySource;
  /** Good generations kept beside the file. */
  readonly generations?: number;
  /** Templates of one person closer than this (raw L2 of unit vectors, 0..2) are not stored twice. */
  readonly nearDuplicateDistance?: number;
  /** Told of damage that was survived: the door goes on, but somebody must look. */
  readonly onFault?: (reason: string, code: ErrorCode) => void;
  readonly disk?: Disk;
}

/**
 * Opens the people file (docs/people-file.md).
 *
 * @throws PEOPLE_FILE_MISSING, PEOPLE_FILE_CORRUPT, PEOPLE_FILE_NEWER, PEOPLE_FILE_UNREADABLE, PEOPLE_FILE_UNWRITABLE,
 * PEOPLE_FILE_LOCKED (another daemon holds it), PEOPLE_FILE_NOT_ENCRYPTED, PEOPLE_KEY_MISSING, PEOPLE_KEY_WRONG, PEOPLE_KEY_INVALID
 */
export async function openPeople(options: PeopleOptions): Promise<People> {
  const { clock, onFault } = options;
  const key = options.key ?? keySourceOf(options);
  const listeners = new Set<(change: PeopleChange) => void>();
  const opened = await openFile({
    // Through a symbolic link: rename(2) would replace the link and leave the file behind.
    file: await realpath(options.file).catch(() => resolve(options.file)),
    create: options.create,
    hold: options.hold ?? false,
    clock,
    disk: options.disk ?? nodeDisk,
    vault: key && createVault(await readSecret(key)),
    generations: options.generations ?? 3,
    rules: { nearDuplicateDistance: options.nearDuplicateDistance ?? 0.1 },
    onFault: (error) => onFault?.(error.message, error.code),
    onChange: (change) => listeners.forEach((listener) => listener(change)),
  });
  return createPeople({ ...opened, clock, listeners });
}

interface Parts {
  readonly file: string;
  readonly clock: Clock;
  readonly store: PeopleStore;
  readonly writer: Writer;
  readonly listeners: Set<(change: PeopleChange) => void>;
}

function createPeople({ file, clock, store, writer, listeners }: Parts): People {
  let closing: Promise<void> | undefined;

  const find = (nameOrId: string): Person | undefined => store.find(nameOrId);

  function get(nameOrId: string): Person {
    const person = find(nameOrId);
    if (!person) throw fault('PERSON_UNKNOWN', { name: nameOrId, nearest: nearestName(nameOrId, store.people) });
    return person;
  }

  async function change(operations: readonly Operation[]): Promise<void> {
    if (closing) throw fault('PEOPLE_FILE_CLOSED', { path: file });
    if (operations.length > 0) await writer.change({ operations, repeated: false });
  }

  /** With the ids of the request, so that one sent twice is done once. */
  function stamped(template: NewTemplate): Template {
    const { createdAt, vector, ...rest } = template;
    const now = clock.wallTime();
    // A copy: the caller's buffer may be used again for the next face.
    return { ...rest, id: uuid({ msecs: now.getTime() }), createdAt: createdAt ?? now.toISOString(), vector: vector.slice() };
  }

  function newPerson({ templates, cards = [], createdAt, ...rest }: NewPerson): Person {
    const now = clock.wallTime();
    return {
      ...rest,
      id: uuid({ msecs: now.getTime() }),
      cards: [...new Set(cards)],
      createdAt: createdAt ?? now.toISOString(),
      templates: templates.map(stamped),
    };
  }

  async function addAll(people: readonly NewPerson[]): Promise<readonly Person[]> {
    const added = people.map(newPerson);
    await change(added.map((person) => ({ kind: 'add', person })));
    return added.map((person) => find(person.id) ?? person);
  }

  async function changePerson(id: string, operation: Operation): Promise<Person> {
    const before = get(id);
    await change([operation]);
    return find(id) ?? before;
  }

  async function prune(maxTemplates: number): Promise<readonly Person[]> {
    const operations = store.people.flatMap(({ id, templates }): Operation[] => {
      const kept = new Set(mostDiverse(templates, maxTemplates));
      const drop = templates.filter((template) => !kept.has(template)).map((template) => template.id);
      return drop.length === 0 ? [] : [{ kind: 'templates', id, add: [], drop }];
    });
    await change(operations);
    return operations.flatMap((operation) => ('id' in operation ? (find(operation.id) ?? []) : []));
  }

  return {
    all: () => store.people,
    find,
    get,
    addAll,
    add: async (person) => (await addAll([person]))[0],
    addTemplates: (id, templates) => changePerson(id, { kind: 'templates', id, add: templates.map(stamped), drop: [] }),
    changeTemplates: (id, { add = [], drop = [] }) => changePerson(id, { kind: 'templates', id, add: add.map(stamped), drop }),
    rename: (id, name) => changePerson(id, { kind: 'rename', id, name }),
    update: (id, fields) => changePerson(id, { kind: 'update', id, fields }),
    remove: (id) => changePerson(id, { kind: 'remove', id }),
    forget: (ids) => change(ids.map((id) => ({ kind: 'forget', id }))),
    former: () => store.former(),
    async findFormer(nameOrId) {
      const [key, wantedId] = [nameKey(nameOrId), nameOrId.trim().toLowerCase()];
      return (await store.former()).find(({ id, name }) => id === wantedId || nameKey(name) === key);
    },
    prune,
    replaceAll: (people) => change([{ kind: 'replace', people }]),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => (closing ??= writer.close()),
  };
}

/** The name that somebody may have meant: no more than two in five characters are wrong. */
function nearestName(given: string, people: readonly Person[]): string | undefined {
  const key = nameKey(given);
  let nearest: string | undefined;
  let least = Math.max(1, Math.floor(key.length * 0.4)) + 1;
  for (const { name } of people) {
    const wrong = distance(key, nameKey(name));
    if (wrong >= least) continue;
    least = wrong;
    nearest = name;
  }
  return nearest;
}
