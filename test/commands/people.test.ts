import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, resident, strangers } from '../../scripts/demo/visitors.js';
import { systemClock } from '../../src/clock.js';
import { openPeople, type NewPerson } from '../../src/identity/people.js';
import { FileJournal } from '../../src/messages/file-journal.js';
import { Outbox } from '../../src/messages/outbox.js';
import { newTemplate } from '../identity/people-fixtures.js';
import { facelatch } from '../support/cli.js';
import { samples } from '../support/photographs.js';
import { stamp } from '../messages/support.js';

const ENCODER = 'mobilefacenet-arcface';

describe('the commands on the people file', () => {
  let folder: string;
  const file = (name: string) => join(folder, name);
  const run = (...args: string[]) => facelatch(folder, args);
  const json = async <T>(...args: string[]) => JSON.parse((await run(...args, '--json')).stdout) as T;

  async function reset(...people: NewPerson[]): Promise<void> {
    await rm(file('state'), { recursive: true, force: true });
    const all = await openPeople({ file: file('state/people.json'), create: true, clock: systemClock });
    await all.addAll(people);
    await all.close();
  }

  const names = async () => (await json<{ name: string }[]>('people', 'list')).map(({ name }) => name);

  /** Every file of the state but the audit log as text. */
  async function stateText(): Promise<string> {
    const found = (await readdir(file('state'))).filter((name) => name !== 'audit');
    return (await Promise.all(found.map((name) => readFile(file(`state/${name}`), 'latin1')))).join('\n');
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-people-'));
    for (const name of ['key', 'other-key']) await writeFile(file(name), randomBytes(32).toString('hex'), { mode: 0o600 });
    await mkdir(file('faces/Ada_Byron'), { recursive: true });
    await writeFile(file('faces/Ada_Byron/one.jpg'), await portrait(samples, resident.enrolled));
    await writeFile(file('faces/Ada_Byron/two.jpg'), await portrait(samples, strangers[2], 0.3));
    await writeFile(file('faces/Kian.jpg'), await portrait(samples, strangers[1], 0.3));
    await writeFile(file('faces/Zoe.jpg'), await portrait(samples, resident.atTheDoor, 0.3));
    await writeFile(file('faces/Broken.jpg'), 'no picture');
    await writeFile(file('faces/readme.txt'), 'not a person');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('prune to the templates that differ most', async () => {
    await reset(
      { name: 'Ann', templates: [1, 2, 3, 4].map((n) => newTemplate(n)) },
      { name: 'Bob', templates: [newTemplate(9)] },
    );
    expect(await json('people', 'prune', '--max-templates', '3')).toMatchObject([{ name: 'Ann', templates: 3, dropped: 1 }]);
    expect(await run('people', 'prune')).toMatchObject({ status: 0, stdout: 'nobody has more templates than that\n' });
    expect((await run('people', 'prune', '--max-templates', 'few')).status).toBe(2);
  });

  it('note consent and retention, and show them', async () => {
    await reset({ name: 'Ann', templates: [newTemplate(1)] });
    expect(
      await json('people', 'consent', 'ann', '--given', '2026-03-01', '--retain-until', '2027-03-01T12:00+01:00'),
    ).toMatchObject({
      consentAt: '2026-03-01T00:00:00.000Z',
      retainUntil: '2027-03-01T11:00:00.000Z',
      templates: 1,
    });
    const shown = (await run('people', 'show', 'Ann')).stdout;
    expect(shown).toMatch(/consent +2026-03-01T00:00:00.000Z/);
    expect(shown).toMatch(/kept +until 2027-03-01T11:00:00.000Z/);
    expect(await json('people', 'consent', 'ann', '--retain-until', 'none')).not.toHaveProperty('retainUntil');
    const wrong = await run('people', 'consent', 'ann', '--given', 'yesterday');
    expect(wrong).toMatchObject({ status: 2, stderr: expect.stringContaining('Expected a day or a time such as') });
  });

  it('back up and restore, also over a damaged file and on a new machine', async () => {
    await reset({ name: 'Ann', templates: [newTemplate(1)] }, { name: 'Bob', templates: [] });
    expect(await run('people', 'backup', 'saved')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('a key for the backup'),
    });
    expect(await json('people', 'backup', 'saved', '--key-file', 'key')).toEqual({ people: 2, backup: 'saved' });
    expect((await stat(file('saved'))).mode & 0o777).toBe(0o600);
    expect(await readFile(file('saved'), 'latin1')).not.toContain('Ann');
    expect((await run('people', 'backup', 'saved', '--key-file', 'key')).stderr).toContain('is there already');

    await run('people', 'remove', 'Ann');
    expect((await run('people', 'restore', 'saved', '--key-file', 'other-key')).stderr).toContain('expected the key');
    expect(await names()).toEqual(['Bob']);
    expect(await json('people', 'restore', 'saved', '--key-file', 'key')).toMatchObject({ people: 2 });
    expect(await names()).toEqual(['Ann', 'Bob']);
    expect(await json('people', 'restore', 'state/people.json.1')).toMatchObject({ people: 1 });

    for (const name of await readdir(file('state'))) if (/json(\.\d)?$/.test(name)) await writeFile(file(`state/${name}`), 'x');
    expect((await run('people', 'list')).status).toBe(5);
    expect((await run('people', 'restore', 'saved', '--key-file', 'key')).status).toBe(0);
    expect(await names()).toEqual(['Ann', 'Bob']);
    expect((await readdir(file('state'))).filter((name) => name.includes('.corrupt-')).length).toBeGreaterThan(1);

    await rm(file('state'), { recursive: true });
    expect((await run('people', 'restore', 'saved', '--key-file', 'key')).status).toBe(0);
    expect(await names()).toEqual(['Ann', 'Bob']);
  });

  it('lead into encryption, to another key, and out of it', async () => {
    await reset({ name: 'Annegret', templates: [newTemplate(1)] });
    expect((await run('people', 'rekey')).status).toBe(2);
    const { stdout } = await run('people', 'rekey', '--key-file', 'key');
    expect(stdout).toContain('Now configure people.keyFile: key');
    expect(await stateText()).not.toContain('Annegret');
    expect(await run('people', 'list')).toMatchObject({ status: 5, stderr: expect.stringContaining('none is configured') });
    const withKey = (key: string) => writeFile(file('facelatch.yaml'), `people:\n  keyFile: ${key}\n`);
    await withKey('key');
    expect(await names()).toEqual(['Annegret']);
    expect(await json('people', 'rekey', '--key-file', 'other-key')).toMatchObject({ left: [] });
    await withKey('other-key');
    expect(await names()).toEqual(['Annegret']);
    expect((await run('people', 'rekey', '--in-the-clear')).stdout).toContain('Now take the key out of the configuration');
    await rm(file('facelatch.yaml'));
    expect(await names()).toEqual(['Annegret']);
  });

  it('export for tools and import again, and refuse what another encoder made', async () => {
    const { people } = JSON.parse(await exported()) as { people: { templates: { vector: number[] }[] }[] };
    expect(people[0].templates[0].vector).toHaveLength(128);
    expect(await run('people', 'import', 'people-export.json')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('distances between encoders mean nothing'),
    });
    await writeFile(file('encodings.json'), JSON.stringify({ Ann: people[0].templates[0].vector }));
    expect((await run('people', 'import', 'encodings.json')).stderr).toMatch(
      /expected templates of the encoder mobilefacenet-arcface \(512 values.*received 128 numbers of an encoder that the file does not name/,
    );
    await writeFile(file('encodings.json'), JSON.stringify({ Ann: Array.from(newTemplate(5, 512).vector) }));
    expect(await json('people', 'import', 'encodings.json', '--encoder-is', ENCODER)).toMatchObject({ added: [{ name: 'Ann' }] });
    expect((await run('people', 'import', 'encodings.json', '--encoder-is', ENCODER)).stderr).toContain(
      'a name that nobody else has',
    );
    const [vector, other] = [5, 6].map((seed) => Array.from(newTemplate(seed, 512).vector));
    for (const twins of [{ Eve: vector }, { Dan: other, Eve: other }]) {
      await writeFile(file('encodings.json'), JSON.stringify(twins));
      const refused = await run('people', 'import', 'encodings.json', '--encoder-is', ENCODER);
      expect(refused.status).toBe(3);
      expect(refused.stderr).toMatch(/Ann|Dan/);
    }
    expect(await json('people', 'import', 'encodings.json', '--encoder-is', ENCODER, '--force')).toMatchObject({
      added: [{ name: 'Dan' }, { name: 'Eve' }],
    });
    await writeFile(file('encodings.pkl'), Buffer.from([0x80, 4, 0x95, 0]));
    expect((await run('people', 'import', 'encodings.pkl')).stderr).toContain('a Python pickle');
    expect((await run('people', 'import', 'nowhere.json')).status).toBe(3);
  });

  async function exported(): Promise<string> {
    await reset({ name: 'Bob', templates: [newTemplate(1)] });
    expect((await run('people', 'export', 'people-export.json')).stdout).toContain('not encrypted');
    expect((await stat(file('people-export.json'))).mode & 0o777).toBe(0o600);
    expect((await run('people', 'export', 'people-export.json')).status).toBe(3);
    const text = await readFile(file('people-export.json'), 'utf8');
    expect((await run('people', 'export', '-')).stdout).toBe(text);
    return text;
  }

  it('import a folder of photographs, use those that can be used, and name the others', async () => {
    await reset();
    const answer = await run('people', 'import', 'faces', '--largest-face', '--json');
    const { enrolled, refused } = JSON.parse(answer.stdout) as {
      enrolled: { name: string; templates: number }[];
      refused: { photograph: string; code: string }[];
    };
    expect(answer.status).toBe(3);
    expect(enrolled.map(({ name, templates }) => [name, templates])).toEqual([
      ['Ada Byron', 1],
      ['Kian', 1],
    ]);
    expect(refused.map(({ photograph, code }) => [photograph, code])).toEqual([
      ['faces/Ada_Byron/two.jpg', 'FACE_DIFFERS'],
      ['faces/Broken.jpg', 'PHOTO_UNREADABLE'],
      // The same woman as Ada Byron, who came into the file by the same import.
      ['faces/Zoe.jpg', 'FACE_TAKEN'],
    ]);
    await mkdir(file('more/Ada Byron'), { recursive: true });
    await copyFile(file('faces/Zoe.jpg'), file('more/Ada Byron/later.jpg'));
    expect(await run('people', 'import', 'more', '--largest-face')).toMatchObject({
      status: 0,
      stdout: 'enrolled 1 of 1 people from more; 0 photographs could not be used\n',
    });
    expect(await json('people', 'show', 'Ada Byron')).toMatchObject({ templates: [{}, {}] });
    await mkdir(file('empty'));
    expect((await run('people', 'import', 'empty')).stderr).toContain('no photograph in it');
  });

  it('forget a person everywhere, with a line of no name in the audit log', async () => {
    await reset({ name: 'Annegret', templates: [newTemplate(1)] }, { name: 'Bob', templates: [newTemplate(2)] });
    const { id } = (await json<{ id: string; name: string }[]>('people', 'list'))[0];
    await run('people', 'rename', 'Bob', 'Robert');
    const options = { maxEvents: 10, maxBytes: 10_000, maxAgeMs: 1e9 };
    const outbox = new Outbox({
      ...{ limits: options, journal: new FileJournal(file('state/outbox.journal')), clock: systemClock, stamp },
      log: console,
      onReady: () => undefined,
    });
    await outbox.start();
    await outbox.append(stamp({ type: 'enrolled', person: { id, name: 'Annegret' }, templates: 1 }));
    await outbox.stop();
    expect(await stateText()).toContain('"name":"Annegret"},"templates":1');

    expect(await json('people', 'forget', 'annegret')).toEqual({ id, forgotten: true });
    expect(await names()).toEqual(['Robert']);
    expect(await stateText()).not.toContain('Annegret');
    const audit = await Promise.all(
      (await readdir(file('state/audit')))
        .filter((name) => name.endsWith('.jsonl'))
        .map((name) => readFile(file(`state/audit/${name}`), 'utf8')),
    );
    expect(audit.join('')).toContain('person_forgotten');
    expect(audit.join('')).toContain(id);
    expect(audit.join('')).not.toContain('Annegret');
    expect(await run('people', 'forget', 'Annegret')).toMatchObject({ status: 3 });
    expect((await run('people', 'forget', id)).status).toBe(0);
  });
});
