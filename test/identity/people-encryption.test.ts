import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { rekeyPeople, openPeople, type KeySource, type People, type PeopleOptions } from '../../src/identity/people.js';
import { newDerivation, deriveFileKey, readSecret } from '../../src/identity/people-file/key.js';
import { Damaged, seal, unseal } from '../../src/identity/people-file/envelope.js';
import { createVault } from '../../src/identity/people-file/vault.js';
import { VolatileDisk } from '../fakes/volatile-disk.js';
import { addPerson, newTemplate, openStore, testVault } from './people-fixtures.js';

const coded = (code: string) => expect.objectContaining({ code }) as Error;

let folder: string;
let file: string;
let key: KeySource;
const opened: People[] = [];

async function open(options: Partial<PeopleOptions> = {}): Promise<People> {
  const people = await openPeople({ file, create: true, clock: systemClock, ...options });
  opened.push(people);
  return people;
}

async function keyFile(name: string, content: string | Buffer = randomBytes(32)): Promise<KeySource> {
  const path = join(folder, name);
  await writeFile(path, content, { mode: 0o600 });
  return { file: path };
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'people-'));
  file = join(folder, 'state', 'people.json');
  key = await keyFile('key');
});

afterEach(async () => {
  for (const people of opened.splice(0)) await people.close();
  await rm(folder, { recursive: true });
});

/** Every file of the state folder as one text and one lump of bytes. */
async function everythingOnDisk(): Promise<Buffer> {
  const names = await readdir(join(folder, 'state'));
  const files = names.filter((name) => !name.endsWith('.sock')).map((name) => readFile(join(folder, 'state', name)));
  return Buffer.concat(await Promise.all(files));
}

describe('an encrypted people file', () => {
  it.each<[string, () => Promise<KeySource>]>([
    ['a raw key file', () => keyFile('k')],
    ['a key file in hexadecimal', () => keyFile('k', `${randomBytes(32).toString('hex')}\n`)],
    ['a key file in base64', () => keyFile('k', `${randomBytes(32).toString('base64')}\n`)],
    ['a passphrase', () => Promise.resolve({ passphrase: 'correct horse battery' })],
  ])('opens with %s, and from another process too', async (_what, makeKey) => {
    const source = await makeKey();
    const people = await open({ key: source });
    const ann = await people.add({ name: 'Ann', templates: [newTemplate(1)] });
    expect((await open({ key: source, create: false })).all()).toEqual([ann]);
  });

  it('takes a key from a systemd credential and from the settings of the configuration', async () => {
    await keyFile('people-key');
    const secret = await readSecret({ credential: 'people-key' }, folder);
    expect(secret).toEqual(await readSecret({ file: join(folder, 'people-key') }));
    await expect(readSecret({ credential: '../key' }, folder)).rejects.toThrow(coded('PEOPLE_KEY_INVALID'));
    await expect(readSecret({ credential: 'people-key' }, undefined)).rejects.toThrow('$CREDENTIALS_DIRECTORY');
    const people = await open({ keyFile: join(folder, 'key') });
    await people.add({ name: 'Ann', templates: [] });
    expect((await open({ key })).all()).toHaveLength(1);
  });

  it('is encrypted before it is in its temporary file', async () => {
    const temporaries: Buffer[] = [];
    class WatchedDisk extends VolatileDisk {
      override rename(from: string, to: string): Promise<void> {
        if (from.endsWith('.tmp')) temporaries.push(this.bytes(from));
        return super.rename(from, to);
      }
    }
    const { store } = openStore(new WatchedDisk(), { vault: testVault() });
    await store.create();
    await addPerson(store, 1);
    await addPerson(store, 2);
    expect(temporaries).toHaveLength(3);
    const template = Buffer.from(newTemplate(1).vector.buffer).toString('base64');
    for (const bytes of temporaries) {
      expect(bytes.includes('Person 1')).toBe(false);
      for (let at = 0; at + 12 <= template.length; at += 4) expect(bytes.includes(template.slice(at, at + 12))).toBe(false);
    }
  });

  it('shows no name and no run of a template, in no file, in no form', async () => {
    const people = await open({ key, hold: true });
    const names = ['Annegret Lovelace', 'Zoë Zubrzycki'];
    const templates = [newTemplate(1, 512), newTemplate(2, 512)];
    for (const [i, name] of names.entries()) await people.add({ name, templates: [templates[i]], cards: [`card-of-${i}`] });
    const disk = await everythingOnDisk();
    expect(disk.length).toBeGreaterThan(10_000);
    for (const needle of [...names, 'Annegret', 'Zubrzycki', 'card-of', 'test-encoder', 'photo', 'createdAt']) {
      expect(disk.includes(needle), needle).toBe(false);
    }
    for (const { vector } of templates) {
      const bytes = Buffer.from(vector.buffer);
      for (let at = 0; at + 8 <= bytes.length; at += 4) expect(disk.includes(bytes.subarray(at, at + 8))).toBe(false);
      const base64 = bytes.toString('base64');
      for (let at = 0; at + 12 <= base64.length; at += 4) expect(disk.includes(base64.slice(at, at + 12))).toBe(false);
    }
  });

  it('leaves only ciphertext in the temporary file of a writer that was killed', async () => {
    const { cipherKey, ...rest } = (await deriveFileKey(await readSecret(key), newDerivation(await readSecret(key))))!;
    const chunks = [...seal([Buffer.from('Annegret'), Buffer.from('Zoe')], 1, { cipherKey, ...rest })];
    for (const chunk of chunks) expect(chunk.includes('Annegret')).toBe(false);
    const { payload } = await unseal(Buffer.concat(chunks), { path: file, known: 1, vault: createVault(await readSecret(key)) });
    expect(payload.toString()).toBe('AnnegretZoe');
  });

  it('tells a wrong key from a damaged file, and changes nothing', async () => {
    const people = await open({ key });
    await people.add({ name: 'Ann', templates: [] });
    const before = await readdir(join(folder, 'state'));
    const other = await keyFile('other');
    await expect(open({ key: other })).rejects.toThrow(coded('PEOPLE_KEY_WRONG'));
    await expect(open({ key: other, hold: true })).rejects.toThrow(coded('PEOPLE_KEY_WRONG'));
    await expect(open({ key: { passphrase: 'correct horse battery' } })).rejects.toThrow(coded('PEOPLE_KEY_WRONG'));
    await expect(open()).rejects.toThrow(coded('PEOPLE_KEY_MISSING'));
    expect(await readdir(join(folder, 'state'))).toEqual(before);
    expect((await open({ key })).all()).toHaveLength(1);
  });

  it('is not taken for one when it is in the clear: anybody could have written that', async () => {
    await open();
    await expect(open({ key })).rejects.toThrow(coded('PEOPLE_FILE_NOT_ENCRYPTED'));
  });

  it('forged with a fitting checksum is known to be damaged', async () => {
    const vault = createVault(await readSecret(key));
    const sealed = Buffer.concat([...seal([Buffer.from('[]')], 1, await vault.current())]);
    const forger = createVault(await readSecret(await keyFile('forger')));
    const { derivation, keyId } = await vault.current();
    const forged = Buffer.concat([
      ...seal([Buffer.from('[]')], 1, { derivation, keyId, cipherKey: (await forger.current()).cipherKey }),
    ]);
    await unseal(sealed, { path: file, known: 1, vault });
    await expect(unseal(forged, { path: file, known: 1, vault })).rejects.toThrow(Damaged);
  });

  it('uses another nonce for each write', async () => {
    const people = await open({ key });
    for (const name of ['A', 'B', 'C']) await people.add({ name, templates: [] });
    const nonces = await Promise.all(
      ['', '.1', '.2', '.3'].map(async (suffix) => /"nonce":"([^"]+)"/.exec(await readFile(file + suffix, 'utf8'))![1]),
    );
    expect(new Set(nonces).size).toBe(4);
  });
});

describe('a key', () => {
  it.each([
    ['too short', 'abc'],
    ['33 bytes', Buffer.alloc(33)],
    ['empty', ''],
  ])('that is %s is refused, without telling it', async (_what, content) => {
    await expect(open({ key: await keyFile('bad', content) })).rejects.toThrow(coded('PEOPLE_KEY_INVALID'));
  });

  it('that everybody can read is refused', async () => {
    await chmod(join(folder, 'key'), 0o644);
    await expect(open({ key })).rejects.toThrow('chmod 600');
  });

  it('that is a short passphrase is refused, and never shown', async () => {
    const error = (await open({ key: { passphrase: 'sesame' } }).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ code: 'PEOPLE_KEY_INVALID' });
    expect(error.message).not.toContain('sesame');
  });

  it('whose header asks for too much memory derives nothing', async () => {
    const greedy = { name: 'scrypt' as const, n: 2 ** 20, r: 32, p: 1, salt: Buffer.alloc(16).toString('base64') };
    expect(await deriveFileKey({ kind: 'passphrase', text: 'correct horse battery' }, greedy)).toBeUndefined();
  });
});

describe('changing the key', () => {
  it('rewrites the file and its generations, after which the old key opens none of them', async () => {
    const people = await open({ key });
    for (const name of ['Ann', 'Bob', 'Cem']) await people.add({ name, templates: [newTemplate(name.length)] });
    const to = { passphrase: 'correct horse battery' };
    const { rewritten, left } = await rekeyPeople({ file, from: key, to });
    expect(rewritten).toHaveLength(4);
    expect(left).toEqual([]);
    await expect(open({ key })).rejects.toThrow(coded('PEOPLE_KEY_WRONG'));
    expect((await open({ key: to })).all()).toEqual(people.all());
    await writeFile(file, 'x');
    expect((await open({ key: to })).all().map(({ name }) => name)).toEqual(['Ann', 'Bob']);
  });

  it('leads into encryption, out of it, and does nothing the second time', async () => {
    const people = await open();
    await people.add({ name: 'Annegret', templates: [] });
    await rekeyPeople({ file, from: undefined, to: key });
    expect((await everythingOnDisk()).includes('Annegret')).toBe(false);
    expect(await rekeyPeople({ file, from: undefined, to: key })).toEqual({ rewritten: [], left: [] });
    await rekeyPeople({ file, from: key, to: undefined });
    expect((await open()).all()).toHaveLength(1);
  });

  it('names what still has the old key', async () => {
    const people = await open({ key });
    await people.add({ name: 'Ann', templates: [] });
    await writeFile(`${file}.1`, 'x');
    await writeFile(`${file}.corrupt-20260101T000000Z`, 'x');
    const { left } = await rekeyPeople({ file, from: key, to: await keyFile('next') });
    expect(left).toEqual([`${file}.1`, `${file}.corrupt-20260101T000000Z`]);
  });

  it('is refused while a daemon runs, with a wrong key, and for a damaged file, before anything is changed', async () => {
    const daemon = await open({ key, hold: true });
    await daemon.add({ name: 'Ann', templates: [] });
    const next = await keyFile('next');
    await expect(rekeyPeople({ file, from: key, to: next })).rejects.toThrow(coded('PEOPLE_FILE_LOCKED'));
    await daemon.close();
    const before = await everythingOnDisk();
    await expect(rekeyPeople({ file, from: await keyFile('wrong'), to: next })).rejects.toThrow(coded('PEOPLE_KEY_WRONG'));
    expect(await everythingOnDisk()).toEqual(before);
    await writeFile(file, 'x');
    await expect(rekeyPeople({ file, from: key, to: next })).rejects.toThrow(coded('PEOPLE_FILE_CORRUPT'));
  });
});
