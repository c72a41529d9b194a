import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { openPeople } from '../../src/identity/people.js';
import { storedPerson } from './people-fixtures.js';

/**
 * Files as facelatch wrote them when their schema was the newest, kept for ever: whatever is written today, these open. Whoever
 * changes the schema adds one, and changes none.
 */
describe.each([
  ['people-v1.facelatch', undefined],
  ['people-v1-encrypted.facelatch', { passphrase: 'correct horse battery' }],
])('%s', (name, key) => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'people-release-'));
    await copyFile(join(import.meta.dirname, 'fixtures', name), join(folder, 'people.json'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('opens, says what was written, and takes a change', async () => {
    const file = join(folder, 'people.json');
    const faults: string[] = [];
    const options = {
      file,
      create: false,
      clock: systemClock,
      onFault: (reason: string) => faults.push(reason),
      ...(key && { key }),
    };
    const people = await openPeople({ ...options, hold: true });
    const [ann, bob] = people.all();
    expect(ann).toEqual({
      ...storedPerson(1, 'Ann Ångström'),
      cards: ['04A1B2C3'],
      validFrom: '2026-01-05T08:00:00.000Z',
      validUntil: '2027-01-05T08:00:00.000Z',
      schedule: 'days',
      consentAt: '2026-01-01T00:00:00.000Z',
      retainUntil: '2027-02-05T08:00:00.000Z',
    });
    expect(bob).toEqual(storedPerson(2, 'Bob'));
    await people.rename(bob.id, 'Bobby');
    await people.close();
    const again = await openPeople(options);
    expect(again.all().map(({ name }) => name)).toEqual(['Ann Ångström', 'Bobby']);
    expect(faults).toEqual([]);
    await again.close();
    expect((await readFile(file, 'utf8')).includes('Bobby')).toBe(key === undefined);
  });
});
