import { beforeEach, describe, expect, it } from 'vitest';
import { Damaged, unseal } from '../../src/identity/people-file/envelope.js';
import { VolatileDisk } from '../fakes/volatile-disk.js';
import { addPerson, namesOf, openStore, testFile, testVault } from './people-fixtures.js';

async function diskWith(vault: ReturnType<typeof testVault> | undefined): Promise<VolatileDisk> {
  const disk = new VolatileDisk();
  const { store } = openStore(disk, { vault });
  await store.create();
  for (const n of [1, 2, 3]) await addPerson(store, n);
  return disk;
}

describe.each([
  ['in the clear', undefined],
  ['encrypted', testVault()],
])('a people file %s', (_kind, vault) => {
  let disk: VolatileDisk;
  beforeEach(async () => {
    disk = await diskWith(vault);
  });

  it('is known to be damaged whichever bit of it is flipped', async () => {
    const bytes = Buffer.from(disk.bytes(testFile));
    const undetected: string[] = [];
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at] ^= 1 << bit;
        const detected = await unseal(bytes, { path: testFile, known: 1, vault }).catch((error: unknown) => error);
        if (!(detected instanceof Damaged)) undetected.push(`bit ${bit} of byte ${at}`);
        bytes[at] ^= 1 << bit;
      }
    }
    expect(undetected).toEqual([]);
    await unseal(bytes, { path: testFile, known: 1, vault });
  });

  it('is set aside and replaced by the last good generation, wherever the damage is', async () => {
    const intact = disk.bytes(testFile);
    for (let at = 0; at < intact.length; at += 97) {
      const damaged = Buffer.from(intact);
      damaged[at] ^= 1 << (at % 8);
      const struck = disk.reboot(Math.random);
      struck.plant(testFile, damaged);
      const { store, faults } = openStore(struck, { vault });
      await store.load();
      expect(faults, `byte ${at}`).toMatchObject([{ code: 'PEOPLE_FILE_RECOVERED' }]);
      expect(namesOf(store)).toEqual(['Person 1', 'Person 2']);
      expect(struck.bytes(`${testFile}.corrupt-20260105T080000Z`).equals(damaged)).toBe(true);
      const again = openStore(struck, { vault });
      await again.store.load();
      expect(again.faults).toEqual([]);
    }
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length / 2)],
    ['empty', () => Buffer.alloc(0)],
    ['full of zeros', (bytes: Buffer) => Buffer.alloc(bytes.length)],
    ['with something after its end', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n')])],
    ["lowdb's default", () => Buffer.from('{}')],
  ])('%s is known to be damaged', async (_what, damage) => {
    disk.plant(testFile, damage(disk.bytes(testFile)));
    const { store, faults } = openStore(disk, { vault });
    await store.load();
    expect(faults).toMatchObject([{ code: 'PEOPLE_FILE_RECOVERED' }]);
    expect(namesOf(store)).toEqual(['Person 1', 'Person 2']);
  });

  it('takes over from an older generation when the latest is damaged too', async () => {
    disk.plant(testFile, Buffer.from('x'));
    disk.plant(`${testFile}.1`, Buffer.from('x'));
    const { store } = openStore(disk, { vault });
    await store.load();
    expect(namesOf(store)).toEqual(['Person 1']);
  });

  it('takes over from a generation when the file is gone: that is no first start', async () => {
    await disk.remove(testFile);
    const { store, faults } = openStore(disk, { vault });
    await store.load();
    expect(namesOf(store)).toEqual(['Person 1', 'Person 2']);
    expect(faults).toMatchObject([{ code: 'PEOPLE_FILE_RECOVERED' }]);
  });

  it('without a good generation is refused with a way out, and nothing is touched', async () => {
    for (const path of disk.paths()) disk.plant(path, Buffer.from('x'));
    const before = disk.paths();
    const { store } = openStore(disk, { vault });
    await expect(store.load()).rejects.toMatchObject({
      code: 'PEOPLE_FILE_CORRUPT',
      message: expect.stringContaining('facelatch people restore'),
    });
    expect(disk.paths()).toEqual(before);
    expect(disk.bytes(testFile).toString()).toBe('x');
  });

  it('is only repaired by its writer; others read a generation and touch nothing', async () => {
    disk.plant(testFile, Buffer.from('x'));
    const before = disk.paths();
    const { store, faults } = openStore(disk, { vault, mayWrite: () => false });
    await store.load();
    expect(namesOf(store)).toEqual(['Person 1', 'Person 2']);
    expect(faults).toMatchObject([{ code: 'PEOPLE_FILE_RECOVERED' }]);
    expect(disk.paths()).toEqual(before);
    expect(disk.bytes(testFile).toString()).toBe('x');
  });

  it('that the disk cannot read any more (EIO) counts as damaged, one without the right to be read does not', async () => {
    disk.failNext('read', 'EIO');
    const { store, faults } = openStore(disk, { vault });
    await store.load();
    expect(faults).toMatchObject([{ code: 'PEOPLE_FILE_RECOVERED' }]);
    const before = disk.paths();
    disk.failNext('read', 'EACCES');
    await expect(openStore(disk, { vault }).store.load()).rejects.toMatchObject({ code: 'PEOPLE_FILE_UNREADABLE' });
    expect(disk.paths()).toEqual(before);
  });

  it('of a newer schema version is refused untouched', async () => {
    const newer = { version: 2, migrations: { 1: (payload: readonly unknown[]) => payload } };
    const { store } = openStore(disk, { vault, schema: newer });
    await store.load();
    await addPerson(store, 4);
    await addPerson(store, 5);
    const before = disk.paths();
    await expect(openStore(disk, { vault }).store.load()).rejects.toMatchObject({ code: 'PEOPLE_FILE_NEWER' });
    expect(disk.paths()).toEqual(before);
    // Nor does an older release fall back behind what a newer one wrote.
    disk.plant(testFile, Buffer.from('x'));
    await expect(openStore(disk, { vault }).store.load()).rejects.toMatchObject({ code: 'PEOPLE_FILE_NEWER' });
    expect(disk.paths()).toEqual(before);
  });

  it('of an older schema version is migrated step by step and written in the new one', async () => {
    const renamed = (suffix: string) => (payload: readonly unknown[]) =>
      payload.map((entry) => {
        const person = entry as { name?: string };
        return person.name === undefined ? entry : { ...person, name: person.name + suffix };
      });
    const schema = { version: 3, migrations: { 1: renamed(' a'), 2: renamed(' b') } };
    const { store } = openStore(disk, { vault, schema });
    await store.load();
    expect(namesOf(store)).toEqual(['Person 1 a b', 'Person 2 a b', 'Person 3 a b']);
    await addPerson(store, 4);
    const again = openStore(disk, { vault, schema });
    await again.store.load();
    expect(namesOf(again.store)).toEqual(['Person 1 a b', 'Person 2 a b', 'Person 3 a b', 'Person 4']);
    expect(disk.bytes(testFile).toString('utf8', 0, 60)).toContain('"schema":3');
  });
});
