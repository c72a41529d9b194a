import { access, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { takeLock } from '../../src/identity/people-file/lock.js';
import { onFirstLine, protocolLimits, requestSchema } from '../../src/identity/people-file/protocol.js';
import { openPeople, type People, type PeopleChange, type PeopleOptions } from '../../src/identity/people.js';
import { newTemplate } from './people-fixtures.js';

const coded = (code: string) => expect.objectContaining({ code }) as Error;

let folder: string;
let file: string;
const opened: People[] = [];

async function open(options: Partial<PeopleOptions> = {}): Promise<People> {
  const people = await openPeople({ file, create: true, clock: systemClock, ...options });
  opened.push(people);
  return people;
}

const names = (people: People) => people.all().map(({ name }) => name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'people-'));
  file = join(folder, 'people.json');
});

afterEach(async () => {
  for (const people of opened.splice(0)) await people.close();
  await rm(folder, { recursive: true });
});

/** What the writer answers to a line; undefined when it hangs up. */
function say(text: string | Buffer): Promise<unknown> {
  return new Promise((resolve) => {
    const socket = createConnection(`${file}.sock`, () => socket.write(text));
    onFirstLine(socket, (line) => {
      socket.destroy();
      resolve(line === undefined ? undefined : JSON.parse(line));
    });
  });
}

describe('the lock', () => {
  it('belongs to one at a time and is free again once released', async () => {
    const first = await takeLock(file);
    expect(await takeLock(file)).toBeUndefined();
    await first?.release();
    await first?.release();
    const second = await takeLock(file);
    expect(await second?.valid()).toBe(true);
    await second?.release();
    expect(await second?.valid()).toBe(false);
  });

  it('is waited for', async () => {
    const first = await takeLock(file);
    const waiting = takeLock(file, 20);
    await first?.release();
    const second = await waiting;
    expect(second).toBeDefined();
    await second?.release();
  });

  it('no longer counts when its file was deleted, and the daemon then writes nothing', async () => {
    const daemon = await open({ hold: true });
    await rm(`${file}.lock`);
    await expect(daemon.add({ name: 'Ann', templates: [] })).rejects.toThrow(coded('PEOPLE_FILE_UNWRITABLE'));
    expect(names(daemon)).toEqual([]);
  });

  it('is kept by one daemon; a second one is refused and told who has it', async () => {
    await open({ hold: true });
    await expect(open({ hold: true })).rejects.toThrow(`process ${process.pid} holds its lock`);
  });
});

describe('the daemon and the command line', () => {
  it('work on the file at the same time without losing a write', async () => {
    const daemon = await open({ hold: true });
    const seen: PeopleChange[] = [];
    daemon.onChange((change) => seen.push(change));
    const visitors = await Promise.all([open(), open(), open()]);
    const everybody = [daemon, ...visitors].flatMap((people, i) =>
      [1, 2, 3, 4].map((n) => people.add({ name: `Person ${i}-${n}`, templates: [newTemplate(10 * i + n)] })),
    );
    const added = await Promise.all(everybody);
    expect(daemon.all()).toHaveLength(16);
    expect(seen.flatMap(({ changes }) => changes.map(({ after }) => after?.id)).sort()).toEqual(added.map(({ id }) => id).sort());
    expect((await open()).all()).toEqual(daemon.all());
  });

  it('understand each other: the visitor sees its own change, and errors keep their code', async () => {
    const daemon = await open({ hold: true });
    const visitor = await open();
    const ann = await visitor.add({ name: 'Ann', templates: [newTemplate(1)] });
    expect(daemon.get('ann')).toEqual(ann);
    expect(visitor.all()).toEqual([ann]);
    await expect(visitor.add({ name: 'ANN', templates: [] })).rejects.toThrow(coded('PERSON_NAME_TAKEN'));
    await daemon.remove(ann.id);
    // The visitor has not noticed yet: the writer knows better.
    await expect(visitor.rename(ann.id, 'Anna')).rejects.toThrow(coded('PERSON_UNKNOWN'));
    const bob = await visitor.add({ name: 'Bob', templates: [] });
    expect(visitor.all()).toEqual([bob]);
  });

  it('several command lines without a daemon lose nothing either', async () => {
    const visitors = await Promise.all([open(), open(), open()]);
    await Promise.all(visitors.flatMap((people, i) => [1, 2, 3].map((n) => people.add({ name: `${i}-${n}`, templates: [] }))));
    expect((await open()).all()).toHaveLength(9);
  });

  it('the visitor goes on by itself when the daemon goes', async () => {
    const daemon = await open({ hold: true });
    const visitor = await open();
    await visitor.add({ name: 'Ann', templates: [] });
    await daemon.close();
    await visitor.add({ name: 'Bob', templates: [] });
    expect(names(await open({ hold: true }))).toEqual(['Ann', 'Bob']);
  });

  it('a writer that is gone before it acted or before it answered makes one change, not two', async () => {
    for (const acts of [false, true]) {
      const visitor = await open();
      const person = await visitor.add({ name: `Victim ${acts}`, templates: [] });
      const lock = await takeLock(file);
      const dying = createServer((socket) => {
        onFirstLine(socket, (line) => {
          void (async () => {
            dying.close();
            await lock?.release();
            const { operations } = requestSchema.parse(JSON.parse(line ?? ''));
            if (acts) for (const { kind } of operations) if (kind === 'remove') await (await open()).remove(person.id);
            socket.destroy();
          })();
        });
      });
      await new Promise<void>((resolve) => dying.listen(`${file}.sock`, resolve));
      expect(await visitor.remove(person.id)).toEqual(person);
      expect((await open()).find(person.id)).toBeUndefined();
    }
  });

  it('a socket that a killed daemon left behind is in nobody’s way', async () => {
    await writeFile(`${file}.sock`, '');
    const visitor = await open();
    await visitor.add({ name: 'Ann', templates: [] });
    const daemon = await open({ hold: true });
    await visitor.add({ name: 'Bob', templates: [] });
    expect(names(daemon)).toEqual(['Ann', 'Bob']);
  });

  it('reach each other where the path is longer than a socket’s may be, and the name too', async () => {
    const deep = join(folder, 'd'.repeat(90), 'e'.repeat(90));
    await mkdir(deep, { recursive: true });
    for (const name of ['people.json', `${'n'.repeat(150)}.json`]) {
      file = join(deep, name);
      const daemon = await open({ hold: true });
      const visitor = await open();
      await visitor.add({ name: 'Ann', templates: [] });
      expect(names(daemon)).toEqual(['Ann']);
      await daemon.close();
      expect((await readdir(deep)).filter((entry) => entry.endsWith('.sock'))).toEqual([]);
    }
  });

  it('keep a file in one place behind a symbolic link', async () => {
    const real = file;
    await (await open()).add({ name: 'Ann', templates: [] });
    file = join(folder, 'link.json');
    await symlink(real, file);
    await (await open()).add({ name: 'Bob', templates: [] });
    file = real;
    expect(names(await open())).toEqual(['Ann', 'Bob']);
    await expect(access(`${join(folder, 'link.json')}.lock`)).rejects.toThrow();
  });
});

describe('the socket of the daemon', () => {
  it.each([
    ['no JSON', 'hello\n'],
    ['another version', '{"v":2,"operations":[],"repeated":false}\n'],
    ['no operation', '{"v":1,"operations":[],"repeated":false}\n'],
    ['an unknown operation', '{"v":1,"operations":[{"kind":"open-door"}],"repeated":false}\n'],
    [
      'a vector that is none',
      `{"v":1,"operations":[{"kind":"templates","id":"0190d0b0-1234-7000-8000-0123456789ab","drop":[],"add":[{"vector":"AAAA"}]}],"repeated":false}\n`,
    ],
  ])('refuses %s and goes on', async (_what, line) => {
    const daemon = await open({ hold: true });
    expect(await say(line)).toMatchObject({ ok: false });
    await daemon.add({ name: 'Ann', templates: [] });
    expect(names(daemon)).toEqual(['Ann']);
  });

  it('hangs up on a request without an end', async () => {
    await open({ hold: true });
    expect(await say(Buffer.alloc(protocolLimits.lineBytes + 2, 0x20))).toBeUndefined();
  });

  it('takes a request in pieces', async () => {
    const daemon = await open({ hold: true });
    const line = `{"v":1,"repeated":false,"operations":[{"kind":"remove","id":"0190d0b0-1234-7000-8000-0123456789ab"}]}\n`;
    const answer = await new Promise((resolve) => {
      const socket = createConnection(`${file}.sock`, () => {
        socket.write(line.slice(0, 20));
        socket.write(line.slice(20, 60), () => socket.write(line.slice(60)));
      });
      onFirstLine(socket, resolve);
    });
    expect(JSON.parse(answer as string)).toMatchObject({ ok: false, code: 'PERSON_UNKNOWN' });
    await daemon.close();
  });

  it('does not hold up the end of the daemon when somebody connects and says nothing', async () => {
    const daemon = await open({ hold: true });
    const silent = createConnection(`${file}.sock`);
    await new Promise<void>((resolve) => silent.once('connect', resolve));
    silent.on('error', () => undefined);
    await daemon.close();
    silent.destroy();
  });
});
