import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { defaultConfig } from '../../src/config.js';
import { noteRelay, readRelayNote } from '../../src/door/relay-note.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-relay-note-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('gives back the relay that was noted last', () => {
  const { relay } = defaultConfig();
  noteRelay(folder, { ...relay, pulseMs: 1_000 });
  noteRelay(folder, { ...relay, pulseMs: 2_000 });
  expect(readRelayNote(folder)).toEqual({ ...relay, pulseMs: 2_000 });
});

it.each(['', '{"relay":{"adapter":"on', 'null', '{}', '{"relay":5}', '{"relay":{"adapter":5}}'])(
  'leaves it to the configuration where the note reads %s',
  async (text) => {
    expect(readRelayNote(folder)).toBeUndefined();
    await writeFile(join(folder, 'relay.json'), text);
    expect(readRelayNote(folder)).toBeUndefined();
  },
);
