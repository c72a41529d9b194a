import type { Clock } from '../../src/clock.js';
import { createVault, type Vault } from '../../src/identity/people-file/vault.js';
import { PeopleAdapter, type AdapterOptions } from '../../src/identity/people-file/adapter.js';
import { PeopleStore } from '../../src/identity/people-file/store.js';
import type { NewTemplate } from '../../src/identity/people.js';
import type { Person } from '../../src/identity/person.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { VolatileDisk } from '../fakes/volatile-disk.js';

/** A unit vector that depends on the seed alone, as a template. */
export function newTemplate(seed: number, length = 128): NewTemplate {
  const raw = Array.from({ length }, (_, i) => Math.sin(seed * 12.9898 + i * 78.233));
  const norm = Math.hypot(...raw);
  return {
    encoder: 'test-encoder',
    modelSha256: 'ab'.repeat(32),
    vector: Float32Array.from(raw, (value) => value / norm),
    quality: 0.9,
    source: 'photo',
  };
}

const testId = (n: number) => `0190d0b0-1234-7000-8000-${String(n).padStart(12, '0')}`;

/** A person as they are stored, whose ids depend on the number alone. */
export function storedPerson(n: number, name = `Person ${n}`): Person {
  const createdAt = '2026-01-05T08:00:00.000Z';
  return { id: testId(n), name, cards: [], createdAt, templates: [{ ...newTemplate(n), id: testId(1000 + n), createdAt }] };
}

/** 0..1, the same sequence for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const testFile = '/state/people.json';

export const testVault = (): Vault => createVault({ kind: 'key', bytes: Buffer.alloc(32, 7) });

/** A store over a disk in memory, as the writer. */
export function openStore(disk: VolatileDisk, options: Partial<AdapterOptions> = {}) {
  const faults: { code: string; message: string }[] = [];
  const clock: Clock = new FakeClock();
  const adapter = new PeopleAdapter({
    file: testFile,
    disk,
    clock,
    vault: undefined,
    generations: 3,
    mayWrite: () => true,
    onFault: (error) => faults.push(error),
    ...options,
  });
  const store = new PeopleStore({
    file: testFile,
    adapter,
    clock,
    rules: { nearDuplicateDistance: 0.1 },
    onChange: () => undefined,
  });
  return { store, adapter, faults };
}

export const addPerson = (store: PeopleStore, n: number) =>
  store.commit({ operations: [{ kind: 'add', person: storedPerson(n) }], repeated: false });
export const removePerson = (store: PeopleStore, n: number) =>
  store.commit({ operations: [{ kind: 'remove', id: testId(n) }], repeated: false });
export const namesOf = (store: PeopleStore) => store.people.map(({ name }) => name);
