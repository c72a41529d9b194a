import { describe, expect, it } from 'vitest';
import type { PeopleStore } from '../../src/identity/people-file/store.js';
import { VolatileDisk } from '../fakes/volatile-disk.js';
import { addPerson, namesOf, openStore, randomFrom, removePerson, testFile } from './people-fixtures.js';

/** Enough changes for every generation to have moved. */
const script: ((store: PeopleStore) => Promise<void>)[] = [
  (store) => store.create(),
  (store) => addPerson(store, 1),
  (store) => addPerson(store, 2),
  (store) => addPerson(store, 3),
  (store) => removePerson(store, 2),
  (store) => addPerson(store, 4),
  (store) => removePerson(store, 1),
];
const states = [[], ['1'], ['1', '2'], ['1', '2', '3'], ['1', '3'], ['1', '3', '4'], ['3', '4']].map((people) =>
  people.map((n) => `Person ${n}`),
);

/** Runs the script until the power fails. @returns how many changes were acknowledged */
async function runUntilCut(disk: VolatileDisk): Promise<number> {
  const { store } = openStore(disk);
  let acknowledged = 0;
  try {
    for (const change of script) {
      await change(store);
      acknowledged++;
    }
  } catch {
    // The power is off.
  }
  return acknowledged;
}

describe('a power cut at any step of any change', () => {
  it('leaves the old state or the new one, whatever of the unsynced survives', async () => {
    const whole = new VolatileDisk();
    expect(await runUntilCut(whole)).toBe(script.length);
    const outcomes = { old: 0, new: 0 };
    for (let step = 1; step <= whole.steps; step++) {
      for (let seed = 0; seed < 6; seed++) {
        const disk = new VolatileDisk();
        disk.cutPowerAt(step);
        const acknowledged = await runUntilCut(disk);
        const { store, faults } = openStore(disk.reboot(randomFrom(step * 1000 + seed)));
        if (acknowledged === 0) {
          // The very first start was not acknowledged: nothing, or an empty file.
          await store.load().catch((error: unknown) => expect(error).toMatchObject({ code: 'PEOPLE_FILE_MISSING' }));
          continue;
        }
        await store.load();
        expect(faults).toEqual([]);
        const found = namesOf(store);
        const old = states[acknowledged - 1];
        expect([old, states[acknowledged]]).toContainEqual(found);
        outcomes[found.length === old.length ? 'old' : 'new']++;
        await addPerson(store, 9);
      }
    }
    // Both happen, or the disk would not test anything.
    expect(outcomes.old).toBeGreaterThan(50);
    expect(outcomes.new).toBeGreaterThan(10);
  });

  it('in the middle of a repair leaves the last good generation and the damaged file', async () => {
    async function damagedDisk(): Promise<VolatileDisk> {
      const disk = new VolatileDisk();
      await runUntilCut(disk);
      disk.plant(testFile, Buffer.from('not what was written'));
      return disk;
    }
    const whole = await damagedDisk();
    const before = whole.steps;
    await openStore(whole).store.load();
    for (let step = 1; step <= whole.steps - before; step++) {
      for (let seed = 0; seed < 6; seed++) {
        const disk = await damagedDisk();
        disk.cutPowerAt(step);
        await openStore(disk)
          .store.load()
          .catch(() => undefined);
        const next = disk.reboot(randomFrom(step * 1000 + seed));
        const { store } = openStore(next);
        await store.load();
        expect(namesOf(store)).toEqual(states[states.length - 2]);
        const kept = next.paths().filter((path) => next.bytes(path).toString() === 'not what was written');
        expect(kept.length).toBeGreaterThan(0);
        expect(kept).not.toContain(testFile);
      }
    }
  });
});

describe('a failing disk', () => {
  it.each(['create', 'write', 'sync', 'link', 'rename'] as const)('at %s leaves file and memory as they were', async (step) => {
    const disk = new VolatileDisk();
    const { store } = openStore(disk);
    await store.create();
    await addPerson(store, 1);
    const before = disk.bytes(testFile);
    disk.failNext(step, 'ENOSPC');
    await expect(addPerson(store, 2)).rejects.toMatchObject({ code: 'PEOPLE_FILE_UNWRITABLE' });
    expect(namesOf(store)).toEqual(['Person 1']);
    expect(disk.bytes(testFile)).toEqual(before);
    await addPerson(store, 3);
    const again = openStore(disk);
    await again.store.load();
    expect(namesOf(again.store)).toEqual(['Person 1', 'Person 3']);
    expect(again.faults).toEqual([]);
  });

  it('that cannot sync the folder does not acknowledge', async () => {
    const disk = new VolatileDisk();
    const { store } = openStore(disk);
    await store.create();
    disk.failNext('syncFolder', 'EIO');
    await expect(addPerson(store, 1)).rejects.toMatchObject({ code: 'PEOPLE_FILE_UNWRITABLE' });
    expect(namesOf(store)).toEqual([]);
    await addPerson(store, 2);
    expect(namesOf(store)).toEqual(['Person 2']);
  });
});
