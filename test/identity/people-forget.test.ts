import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import type { PeopleStore } from '../../src/identity/people-file/store.js';
import { openPeople, type People, type PeopleChange, type PeopleOptions } from '../../src/identity/people.js';
import { VolatileDisk } from '../fakes/volatile-disk.js';
import { addPerson, namesOf, newTemplate, openStore, randomFrom, storedPerson, testFile, testVault } from './people-fixtures.js';

const forget = (store: PeopleStore, n: number) =>
  store.commit({ operations: [{ kind: 'forget', id: storedPerson(n).id }], repeated: false });

/** Whether a file anywhere on the disk holds the name or a run of the template of person n. */
function traces(disk: VolatileDisk, n: number): string[] {
  const vector = Buffer.from(storedPerson(n).templates[0].vector.buffer).toString('base64');
  return disk.paths().filter((path) => {
    const bytes = disk.bytes(path);
    return bytes.includes(`Person ${n}"`) || bytes.includes(vector.slice(40, 80));
  });
}

describe('forgetting', () => {
  it('takes a person out of the file, its generations and what was set aside, and leaves the others there', async () => {
    const disk = new VolatileDisk();
    const { store } = openStore(disk);
    await store.create();
    for (const n of [1, 2, 3, 4]) await addPerson(store, n);
    disk.plant(`${testFile}.replaced-20260101T000000Z`, disk.bytes(testFile));
    disk.plant(`${testFile}.corrupt-20260101T000000Z`, Buffer.concat([disk.bytes(testFile), Buffer.from('x')]));
    disk.plant(`${testFile}.tmp`, disk.bytes(testFile));
    expect(traces(disk, 2).length).toBeGreaterThan(4);
    await forget(store, 2);
    expect(traces(disk, 2)).toEqual([]);
    expect(namesOf(store)).toEqual(['Person 1', 'Person 3', 'Person 4']);
    expect(disk.paths()).toEqual(['', '.1', '.2', '.3', '.replaced-20260101T000000Z'].map((suffix) => testFile + suffix).sort());
    // The generations still serve.
    disk.plant(testFile, Buffer.from('x'));
    const again = openStore(disk);
    await again.store.load();
    expect(namesOf(again.store)).toEqual(['Person 1', 'Person 3', 'Person 4']);
  });

  it('is durable when it is acknowledged, whatever of the unsynced survives, and finishes when it is asked for again', async () => {
    async function prepared(): Promise<VolatileDisk> {
      const disk = new VolatileDisk();
      const { store } = openStore(disk);
      await store.create();
      for (const n of [1, 2, 3]) await addPerson(store, n);
      return disk;
    }
    const whole = await prepared();
    const { store: measured } = openStore(whole);
    await measured.load();
    const before = whole.steps;
    await forget(measured, 1);
    for (let step = 1; step <= whole.steps - before + 1; step++) {
      const disk = await prepared();
      const { store } = openStore(disk);
      await store.load();
      disk.cutPowerAt(step);
      const acknowledged = await forget(store, 1).then(
        () => true,
        () => false,
      );
      const next = disk.reboot(randomFrom(step));
      const { store: restarted, faults } = openStore(next);
      await restarted.load();
      expect(faults).toEqual([]);
      expect(namesOf(restarted)).toEqual(expect.arrayContaining(['Person 2', 'Person 3']));
      if (acknowledged) expect(traces(next, 1), `step ${step}`).toEqual([]);
      await forget(restarted, 1);
      expect(traces(next, 1)).toEqual([]);
      expect(namesOf(restarted)).toEqual(['Person 2', 'Person 3']);
    }
  });

  it('deletes copies of another key, and says when a copy cannot be changed', async () => {
    const disk = new VolatileDisk();
    const { store: clear } = openStore(disk);
    await clear.create();
    await addPerson(clear, 1);
    const inTheClear = disk.bytes(testFile);
    const sealed = new VolatileDisk();
    const { store } = openStore(sealed, { vault: testVault() });
    await store.create();
    await addPerson(store, 1);
    sealed.plant(`${testFile}.replaced-20260101T000000Z`, inTheClear);
    sealed.failNext('link', 'EIO');
    await expect(forget(store, 1)).rejects.toMatchObject({ code: 'PEOPLE_FILE_UNWRITABLE' });
    expect(namesOf(store)).toEqual(['Person 1']);
    await forget(store, 1);
    expect(traces(sealed, 1)).toEqual([]);

    await addPerson(store, 1);
    await addPerson(store, 2);
    await store.commit({ operations: [{ kind: 'remove', id: storedPerson(1).id }], repeated: false });
    sealed.failNext('rename', 'EIO');
    await expect(forget(store, 1)).rejects.toMatchObject({ code: 'PEOPLE_FORGET_UNFINISHED' });
    expect(await store.former()).toMatchObject([{ name: 'Person 1' }]);
    await forget(store, 1);
    expect(await store.former()).toEqual([]);
  });
});

describe('forgetting on a real disk', () => {
  let folder: string;
  let file: string;
  const opened: People[] = [];
  async function open(options: Partial<PeopleOptions> = {}): Promise<People> {
    const people = await openPeople({ file, create: true, clock: systemClock, ...options });
    opened.push(people);
    return people;
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'people-'));
    file = join(folder, 'people.json');
  });
  afterEach(async () => {
    for (const people of opened.splice(0)) await people.close();
    await rm(folder, { recursive: true });
  });

  it('is done by the daemon when a command line asks for it, which tells its listeners', async () => {
    const daemon = await open({ hold: true });
    const { id } = await daemon.add({ name: 'Annegret', templates: [newTemplate(1)] });
    await daemon.add({ name: 'Bob', templates: [newTemplate(2)] });
    await writeFile(`${file}.corrupt-20260101T000000Z`, await readFile(file));
    const seen: Pick<PeopleChange, 'forgotten'>[] = [];
    daemon.onChange((change) => seen.push(change));
    const visitor = await open();
    await visitor.forget([id]);
    expect(daemon.all().map(({ name }) => name)).toEqual(['Bob']);
    expect(seen).toMatchObject([{ forgotten: [id], changes: [{ before: { name: 'Annegret' } }] }]);
    for (const name of await readdir(folder)) {
      if (!name.endsWith('.sock')) expect(await readFile(join(folder, name), 'latin1'), name).not.toContain('Annegret');
    }
  });

  it('knows those who are only in copies, as the latest copy has them', async () => {
    const people = await open({ generations: 5 });
    const { id } = await people.add({ name: 'Ann', templates: [newTemplate(1)] });
    await people.update(id, { retainUntil: '2030-01-01T00:00:00.000Z' });
    expect(await people.former()).toEqual([]);
    await people.remove(id);
    expect(await people.former()).toMatchObject([{ id, retainUntil: '2030-01-01T00:00:00.000Z' }]);
  });

  it('also finds who was removed before, by name or id', async () => {
    const people = await open();
    const { id } = await people.add({ name: 'Ann', templates: [newTemplate(1)] });
    await people.remove(id);
    expect(people.find('Ann')).toBeUndefined();
    expect(await people.findFormer('ANN')).toMatchObject({ id });
    expect(await people.findFormer(id.toUpperCase())).toMatchObject({ name: 'Ann' });
    await people.forget([id]);
    expect(await people.findFormer('Ann')).toBeUndefined();
    await people.add({ name: 'Ann', templates: [newTemplate(3)] });
    expect(await people.findFormer('Ann')).toBeUndefined();
  });
});
