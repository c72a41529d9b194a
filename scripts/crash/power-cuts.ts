/**
 * Cuts the power at a random step of a random change, throws away what was not synced (test/fakes/volatile-disk.ts), and
 * checks that the next start finds the old state or the new one.
 */
import { systemClock } from '../../src/clock.js';
import { FacelatchError } from '../../src/errors.js';
import { PeopleAdapter } from '../../src/identity/people-file/adapter.js';
import type { Operation } from '../../src/identity/people-file/operations.js';
import { PeopleStore } from '../../src/identity/people-file/store.js';
import { PowerCut, VolatileDisk } from '../../test/fakes/volatile-disk.js';
import { randomFrom, templateOf } from './workload.js';

const FILE = '/state/people.json';
/** Power cuts in a row on one file: also those in the middle of what follows on a power cut. */
const CUTS_PER_FILE = 10;
/** A change takes about 15 steps. */
const MOST_STEPS = 60;

export interface CutReport {
  readonly cuts: number;
  readonly old: number;
  readonly new: number;
}

/** @throws Error at the first state that is neither */
export async function cutPower({ cuts, seed }: { cuts: number; seed: number }): Promise<CutReport> {
  const random = randomFrom(seed);
  const report = { cuts: 0, old: 0, new: 0 };
  while (report.cuts < cuts) {
    let disk = new VolatileDisk();
    let store = storeOn(disk);
    await store.create();
    let n = 0;
    for (let i = 0; i < CUTS_PER_FILE && report.cuts < cuts; i++) {
      disk.cutPowerAt(1 + Math.floor(random() * MOST_STEPS));
      let before: string;
      let after: string;
      for (;;) {
        const operation = randomOperation(store, `Person ${n++}`, random);
        before = namesOf(store);
        after = predicted(before, operation, store);
        try {
          await store.commit({ operations: [operation], repeated: false });
        } catch (error) {
          if (error instanceof FacelatchError && error.cause instanceof PowerCut) break;
          throw error;
        }
      }
      disk = disk.reboot(random);
      store = storeOn(disk);
      await store.load();
      const found = namesOf(store);
      report.cuts++;
      if (found === before) report.old++;
      else if (found === after) report.new++;
      else throw new Error(`cut ${report.cuts} (seed ${seed}): expected ${before} or ${after}, found ${found}`);
    }
  }
  return report;
}

function storeOn(disk: VolatileDisk): PeopleStore {
  const adapter = new PeopleAdapter({
    file: FILE,
    disk,
    clock: systemClock,
    vault: undefined,
    generations: 3,
    mayWrite: () => true,
    onFault(error) {
      throw error;
    },
  });
  return new PeopleStore({
    file: FILE,
    adapter,
    clock: systemClock,
    rules: { nearDuplicateDistance: 0.1 },
    onChange: () => undefined,
  });
}

const namesOf = (store: PeopleStore) => store.people.map(({ name }) => name).join(', ');

function randomOperation(store: PeopleStore, name: string, random: () => number): Operation {
  if (store.people.length > 0 && (store.people.length > 8 || random() < 0.4)) {
    return { kind: 'remove', id: store.people[Math.floor(random() * store.people.length)].id };
  }
  const createdAt = systemClock.wallTime().toISOString();
  const id = `0190d0b0-1234-7000-8000-${name.slice(7).padStart(12, '0')}`;
  return { kind: 'add', person: { id, name, cards: [], createdAt, templates: [{ ...templateOf(name), id, createdAt }] } };
}

function predicted(before: string, operation: Operation, store: PeopleStore): string {
  if (operation.kind === 'add') return [...store.people.map(({ name }) => name), operation.person.name].join(', ');
  if (operation.kind !== 'remove') return before;
  return store.people
    .filter(({ id }) => id !== operation.id)
    .map(({ name }) => name)
    .join(', ');
}
