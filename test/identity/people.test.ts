import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { openPeople, type People, type PeopleChange, type PeopleOptions } from '../../src/identity/people.js';
import { newTemplate as template } from './people-fixtures.js';

const coded = (code: string) => expect.objectContaining({ code }) as Error;

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
  file = join(folder, 'state', 'people.json');
});

afterEach(async () => {
  for (const people of opened.splice(0)) await people.close();
  await rm(folder, { recursive: true });
});

describe('the people file', () => {
  it('is made only by an explicit first start', async () => {
    await expect(open({ create: false })).rejects.toThrow(coded('PEOPLE_FILE_MISSING'));
    await expect(open({ create: false, hold: true })).rejects.toThrow(coded('PEOPLE_FILE_MISSING'));
    expect(await readdir(folder)).toEqual([]);
    await open();
    const people = await open({ create: false });
    expect(people.all()).toEqual([]);
  });

  it('is readable by its owner alone, as are its folder, its generations, its lock and its socket', async () => {
    const people = await open({ hold: true });
    await people.add({ name: 'Ann', templates: [template(1)] });
    const names = await readdir(join(folder, 'state'));
    expect(names.sort()).toEqual(['people.json', 'people.json.1', 'people.json.lock', 'people.json.sock']);
    for (const name of names) expect((await stat(join(folder, 'state', name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
  });

  it('gives back what was put in, bit by bit, in the order of enrolment', async () => {
    const people = await open();
    const ann = await people.add({ name: ' Ann ', templates: [template(1), template(2)], cards: ['04a1'], schedule: 'days' });
    const bob = await people.add({ name: 'Bob', templates: [], validUntil: '2030-01-01T00:00:00Z' });
    const again = await open({ create: false });
    expect(again.all()).toEqual([ann, bob]);
    expect(ann).toMatchObject({ name: 'Ann', cards: ['04a1'], schedule: 'days' });
    expect(again.get('ANN').templates[1].vector).toEqual(template(2).vector);
    expect(again.find(bob.id)).toEqual(bob);
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ format: 'facelatch-people', schema: 1, encryption: null });
  });

  it('hands out snapshots that nobody can change', async () => {
    const people = await open();
    const given = template(1);
    const ann = await people.add({ name: 'Ann', templates: [given] });
    const before = people.all();
    given.vector.fill(0);
    expect(ann.templates[0].vector).toEqual(template(1).vector);
    expect(() => ((ann as { name: string }).name = 'Eve')).toThrow(TypeError);
    expect(() => (before as unknown[]).push(ann)).toThrow(TypeError);
    await people.add({ name: 'Bob', templates: [] });
    expect(before.map(({ name }) => name)).toEqual(['Ann']);
  });

  it('finds by id or name and names the nearest when there is no such person', async () => {
    const people = await open();
    const ann = await people.add({ name: 'Annette Müller', templates: [] });
    expect(people.get(ann.id.toUpperCase())).toBe(ann);
    expect(people.get('annette MU\u0308LLER')).toBe(ann);
    expect(people.find('Bob')).toBeUndefined();
    expect(() => people.get('Anette Mueller')).toThrow('did you mean "Annette Müller"?');
    expect(() => people.get('Zacharias')).toThrow(/received "Zacharias"$/);
  });

  it('renames, updates, adds templates, removes', async () => {
    const people = await open();
    const { id } = await people.add({ name: 'Ann', templates: [template(1)] });
    await people.rename(id, 'ANN');
    const more = await people.addTemplates(id, [template(2), template(3)]);
    expect(more.templates.map(({ vector }) => vector)).toEqual([1, 2, 3].map((seed) => template(seed).vector));
    const fewer = await people.changeTemplates(id, { add: [template(4)], drop: [more.templates[0].id, more.templates[2].id] });
    expect(fewer.templates.map(({ vector }) => vector)).toEqual([2, 4].map((seed) => template(seed).vector));
    await people.update(id, { cards: ['1', '1', '2'], validFrom: '2026-01-01T00:00:00Z', schedule: 'days' });
    const updated = await people.update(id, { validFrom: null });
    expect(updated).toMatchObject({ name: 'ANN', cards: ['1', '2'], schedule: 'days' });
    expect(updated).not.toHaveProperty('validFrom');
    expect((await open()).all()).toEqual([updated]);
    expect(await people.remove(id)).toEqual(updated);
    expect((await open()).all()).toEqual([]);
  });

  it('refuses what is not valid and stays as it was', async () => {
    const people = await open();
    const ann = await people.add({ name: 'Ann', templates: [template(1)], cards: ['1'] });
    const bob = await people.add({ name: 'Bob', templates: [template(2)] });
    const before = await readFile(file);
    const zero = { ...template(3), vector: new Float32Array(128) };
    await expect(people.add({ name: 'ann', templates: [] })).rejects.toThrow(coded('PERSON_NAME_TAKEN'));
    await expect(people.add({ name: '', templates: [] })).rejects.toThrow(coded('PERSON_NAME_INVALID'));
    await expect(people.rename(bob.id, 'ANN')).rejects.toThrow(coded('PERSON_NAME_TAKEN'));
    await expect(people.update(bob.id, { cards: ['1'] })).rejects.toThrow(coded('PERSON_CARD_TAKEN'));
    await expect(people.update(bob.id, { validUntil: 'tomorrow' })).rejects.toThrow(coded('PERSON_FIELD_INVALID'));
    await expect(
      people.update(bob.id, { validFrom: '2026-02-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' }),
    ).rejects.toThrow('expected a time after');
    await expect(people.addTemplates(bob.id, [zero])).rejects.toThrow('unit length');
    await expect(people.addTemplates(bob.id, [{ ...template(3), quality: NaN }])).rejects.toThrow(coded('PERSON_FIELD_INVALID'));
    await expect(people.remove('0190d0b0-1234-7000-8000-0123456789ab')).rejects.toThrow(coded('PERSON_UNKNOWN'));
    expect(people.all()).toEqual([ann, bob]);
    expect(await readFile(file)).toEqual(before);
  });

  it('adds many in one write, or none of them', async () => {
    const people = await open();
    await people.addAll([1, 2, 3].map((n) => ({ name: `Person ${n}`, templates: [template(n)] })));
    const twice = ['Dora', 'dora'].map((name) => ({ name, templates: [] }));
    await expect(people.addAll(twice)).rejects.toThrow(coded('PERSON_NAME_TAKEN'));
    expect((await open()).all().map(({ name }) => name)).toEqual(['Person 1', 'Person 2', 'Person 3']);
  });

  it('does not store all but equal templates twice', async () => {
    const people = await open();
    const nearly = template(1);
    nearly.vector[0] += 1e-3;
    const { id, templates } = await people.add({ name: 'Ann', templates: [template(1), nearly] });
    expect(templates).toHaveLength(1);
    const before = await readFile(file);
    expect((await people.addTemplates(id, [template(1)])).templates).toEqual(templates);
    expect(await readFile(file)).toEqual(before);
    const otherEncoder = { ...template(1), encoder: 'another' };
    expect((await people.addTemplates(id, [otherEncoder])).templates).toHaveLength(2);
  });

  it('tells its listeners what changed, until they go', async () => {
    const people = await open({ hold: true });
    const seen: PeopleChange[] = [];
    const stop = people.onChange((change) => seen.push(change));
    const ann = await people.add({ name: 'Ann', templates: [] });
    const renamed = await people.rename(ann.id, 'Anna');
    await people.remove(ann.id);
    stop();
    await people.add({ name: 'Bob', templates: [] });
    expect(seen.map(({ changes }) => changes)).toEqual([
      [{ after: ann }],
      [{ before: ann, after: renamed }],
      [{ before: renamed }],
    ]);
    expect(seen.map(({ people: all }) => all.length)).toEqual([1, 1, 0]);
  });

  it('keeps the last good generations, no more than asked for', async () => {
    const people = await open({ generations: 2 });
    for (const name of ['A', 'B', 'C', 'D']) await people.add({ name, templates: [] });
    const names = async (path: string) =>
      (JSON.parse(await readFile(path, 'utf8')) as { payload: { name?: string }[] }).payload.slice(1).map(({ name }) => name);
    expect(await names(`${file}.1`)).toEqual(['A', 'B', 'C']);
    expect(await names(`${file}.2`)).toEqual(['A', 'B']);
    expect((await readdir(join(folder, 'state'))).sort()).toEqual([
      'people.json',
      'people.json.1',
      'people.json.2',
      'people.json.lock',
    ]);
    const fewer = await open({ generations: 1 });
    await fewer.add({ name: 'E', templates: [] });
    expect((await readdir(join(folder, 'state'))).sort()).toEqual(['people.json', 'people.json.1', 'people.json.lock']);
  });

  it('refuses changes after it was closed, and closes twice without harm', async () => {
    const people = await open({ hold: true });
    await Promise.all([people.close(), people.close()]);
    await expect(people.add({ name: 'Ann', templates: [] })).rejects.toThrow(coded('PEOPLE_FILE_CLOSED'));
    expect((await readdir(join(folder, 'state'))).sort()).toEqual(['people.json', 'people.json.lock']);
  });

  it('finishes the changes under way before it closes', async () => {
    const people = await open({ hold: true });
    const adding = ['A', 'B', 'C'].map((name) => people.add({ name, templates: [] }));
    await people.close();
    expect((await Promise.all(adding)).map(({ name }) => name)).toEqual(['A', 'B', 'C']);
    expect((await open()).all()).toHaveLength(3);
  });

  it('keeps and reports a file that something else put in its place', async () => {
    const faults: string[] = [];
    const people = await open({ hold: true, onFault: (_reason, code) => faults.push(code) });
    await people.add({ name: 'Ann', templates: [] });
    await rm(file);
    await people.add({ name: 'Bob', templates: [] });
    expect(faults).toEqual(['PEOPLE_FILE_REPLACED']);
    expect((await open()).all().map(({ name }) => name)).toEqual(['Ann', 'Bob']);
  });
});
