import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { openBackup, readBackup, sealBackup, writeBackup } from '../../src/identity/people-backup.js';
import { exportPeople, importPeople } from '../../src/identity/people-exchange.js';
import { openPeople, type People, type PeopleOptions } from '../../src/identity/people.js';
import { VolatileDisk } from '../fakes/volatile-disk.js';
import { newTemplate, storedPerson } from './people-fixtures.js';

const coded = (code: string) => expect.objectContaining({ code }) as Error;
const key = { passphrase: 'correct horse battery' };

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

async function threePeople(): Promise<People> {
  const people = await open({ hold: true });
  await people.add({ name: 'Ann', templates: [newTemplate(1), newTemplate(2)], cards: ['1'], schedule: 'days' });
  await people.add({ name: 'Bob', templates: [newTemplate(3)], consentAt: '2026-01-01T00:00:00Z' });
  await people.add({ name: 'Cem', templates: [] });
  return people;
}

describe('a backup', () => {
  it('brings everybody back as they were, and the state before is one generation away', async () => {
    const people = await threePeople();
    const path = join(folder, 'backup');
    await writeBackup(people.all(), { path, key, clock: systemClock });
    const before = people.all();
    await people.remove(people.get('Ann').id);
    await people.rename(people.get('Bob').id, 'Ann');
    await people.add({ name: 'Dora', templates: [], cards: ['1'] });
    const changes: unknown[] = [];
    people.onChange((change) => changes.push(change.changes.map(({ before, after }) => [before?.name, after?.name])));
    await people.replaceAll((await readBackup(path, { key })).people);
    expect(people.all()).toEqual(before);
    expect(changes).toEqual([
      [
        [undefined, 'Ann'],
        ['Ann', 'Bob'],
        ['Dora', undefined],
      ],
    ]);
    const { people: undone } = await readBackup(`${file}.1`, { key: undefined });
    expect(undone.map(({ name }) => name)).toEqual(['Ann', 'Cem', 'Dora']);
  });

  it('that could not be written whole leaves no file of its name', async () => {
    for (const step of ['write', 'sync', 'syncFolder'] as const) {
      const disk = new VolatileDisk();
      disk.failNext(step, 'ENOSPC');
      const writing = writeBackup([storedPerson(1)], { path: '/usb/backup', key, clock: systemClock, disk });
      await expect(writing, step).rejects.toThrow(coded('PEOPLE_FILE_UNWRITABLE'));
      expect(disk.paths()).toEqual([]);
      await writeBackup([storedPerson(1)], { path: '/usb/backup', key, clock: systemClock, disk });
      const again = writeBackup([storedPerson(2)], { path: '/usb/backup', key, clock: systemClock, disk });
      await expect(again).rejects.toThrow('there already');
      expect((await readBackup('/usb/backup', { key, disk })).people).toEqual([storedPerson(1)]);
    }
  });

  it('is restored through a running daemon too', async () => {
    const daemon = await threePeople();
    const bytes = await sealBackup(daemon.all(), { key, clock: systemClock });
    const before = daemon.all();
    await daemon.remove(before[0].id);
    const visitor = await open();
    await visitor.replaceAll((await openBackup(bytes, { key, source: 'the command' })).people);
    expect(daemon.all()).toEqual(before);
  });

  it('is private, encrypted, and written over nothing', async () => {
    const people = await threePeople();
    const path = join(folder, 'backup');
    await writeBackup(people.all(), { path, key, clock: systemClock });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readFile(path)).includes('Bob')).toBe(false);
    await expect(writeBackup(people.all(), { path, key, clock: systemClock })).rejects.toThrow('is there already');
  });

  it('that is damaged, of another key or missing is refused and nobody is changed', async () => {
    const people = await threePeople();
    const path = join(folder, 'backup');
    await writeBackup(people.all(), { path, key, clock: systemClock });
    await expect(readBackup(path, { key: { passphrase: 'another passphrase' } })).rejects.toThrow(coded('PEOPLE_KEY_WRONG'));
    await expect(readBackup(path, { key: undefined })).rejects.toThrow(coded('PEOPLE_KEY_MISSING'));
    await expect(readBackup(join(folder, 'none'), { key })).rejects.toThrow(coded('PEOPLE_FILE_UNREADABLE'));
    const bytes = await readFile(path);
    bytes[bytes.length - 200] ^= 1;
    await writeFile(path, bytes);
    await expect(readBackup(path, { key })).rejects.toThrow(coded('PEOPLE_BACKUP_DAMAGED'));
    const [ann, bob] = people.all();
    await expect(people.replaceAll([ann, { ...bob, name: 'ANN' }])).rejects.toThrow(coded('PERSON_NAME_TAKEN'));
    await expect(people.replaceAll([ann, ann])).rejects.toThrow(coded('PERSON_FIELD_INVALID'));
    expect(people.all()).toHaveLength(3);
  });
});

describe('pruning', () => {
  it('leaves everybody the most diverse templates in one write, and those with few as they are', async () => {
    const people = await open();
    const templates = [1, 2, 3, 4, 5].map((seed) => newTemplate(seed));
    templates[2] = { ...templates[2], quality: 1 };
    const ann = await people.add({ name: 'Ann', templates });
    const bob = await people.add({ name: 'Bob', templates: templates.slice(0, 2) });
    const pruned = await people.prune(2);
    expect(pruned.map(({ name, templates: left }) => [name, left.length])).toEqual([['Ann', 2]]);
    expect(pruned[0].templates).toContainEqual(ann.templates[2]);
    expect(people.get('Bob')).toEqual(bob);
    expect(await people.prune(2)).toEqual([]);
  });
});

describe('export and import', () => {
  const encoder = { id: 'test-encoder', modelSha256: 'ab'.repeat(32), dimensions: 128 };

  it('carry everybody to another door, bit by bit, under new ids', async () => {
    const people = await threePeople();
    const text = exportPeople(people.all());
    file = join(folder, 'other', 'people.json');
    const other = await open();
    await other.addAll(importPeople(text, { source: 'the file', encoder }));
    const withoutIds = (all: People) =>
      all.all().map(({ id: _, ...person }) => ({ ...person, templates: person.templates.map(({ id: __, ...rest }) => rest) }));
    expect(withoutIds(other)).toEqual(withoutIds(people));
    expect(other.get('Ann').id).not.toBe(people.get('Ann').id);
  });

  it('refuse templates of another encoder, and of another version of this one', async () => {
    const text = exportPeople((await threePeople()).all());
    for (const other of [
      { ...encoder, id: 'another' },
      { ...encoder, modelSha256: 'cd'.repeat(32) },
    ]) {
      expect(() => importPeople(text, { source: 'the file', encoder: other })).toThrow(coded('PEOPLE_IMPORT_ENCODER'));
    }
  });

  it.each([
    ['face_recognition', (vector: number[]) => ({ Ann: vector, Bob: [vector] })],
    ['a list of encodings', (vector: number[]) => ['Ann', 'Bob'].map((name) => ({ name, encoding: vector }))],
    ['face-api.js', (vector: number[]) => ['Ann', 'Bob'].map((label) => ({ label, descriptors: [vector] }))],
  ])('refuse the bare vectors of %s unless somebody says that they are of this encoder', (_tool, shape) => {
    const vector = Array.from({ length: 128 }, (_, i) => Math.cos(i) * 0.15);
    const text = JSON.stringify(shape(vector));
    expect(() => importPeople(text, { source: 'the file', encoder })).toThrow('an encoder that the file does not name');
    const wider = { ...encoder, dimensions: 512 };
    expect(() => importPeople(text, { source: 'the file', encoder: wider, bareEncoder: encoder.id })).toThrow(
      coded('PEOPLE_IMPORT_ENCODER'),
    );
    const people = importPeople(text, { source: 'the file', encoder, bareEncoder: encoder.id });
    expect(people.map(({ name, templates }) => [name, templates.length])).toEqual([
      ['Ann', 1],
      ['Bob', 1],
    ]);
    expect(Math.hypot(...people[0].templates[0].vector)).toBeCloseTo(1, 5);
  });

  it.each([
    ['no JSON', 'name,vector'],
    ['nothing', '{}'],
    ['something else', '{"people":[]}'],
    ['another version', '{"format":"facelatch-export","version":2,"people":[]}'],
    ['a vector of text', '{"format":"facelatch-export","version":1,"people":[{"name":"A","templates":[{"vector":"AAAA"}]}]}'],
  ])('refuse %s', (_what, text) => {
    expect(() => importPeople(text, { source: 'the file', encoder })).toThrow(coded('PEOPLE_IMPORT_INVALID'));
  });
});
