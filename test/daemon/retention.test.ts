import { describe, expect, it } from 'vitest';
import { Retention } from '../../src/daemon/retention.js';
import { deletionTime, type RetentionDays } from '../../src/identity/retention.js';
import type { Person } from '../../src/identity/person.js';
import { FakeClock } from '../fakes/fake-clock.js';

const DAY_MS = 86_400_000;
const person = (id: string, more: Partial<Person> = {}): Person => ({
  id,
  name: id,
  cards: [],
  createdAt: '',
  templates: [],
  ...more,
});

function door(people: Person[], retentionDays: RetentionDays = 30, former: Person[] = []) {
  const clock = new FakeClock();
  const forgotten: string[][] = [];
  const faults: string[] = [];
  const failing = { on: false };
  const retention = new Retention({
    people: {
      all: () => people.filter(({ id }) => !forgotten.flat().includes(id)),
      former: () => Promise.resolve(former.filter(({ id }) => !forgotten.flat().includes(id))),
      forget: (ids) => {
        if (failing.on) return Promise.reject(new Error('the disk is full'));
        forgotten.push([...ids]);
        return Promise.resolve();
      },
    },
    ...{ retentionDays, clock, onFault: (reason: string) => faults.push(reason) },
  });
  const days = async (count: number) => {
    for (let day = 0; day < count; day++) {
      clock.advance(DAY_MS);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { clock, forgotten, faults, failing, retention, days };
}

describe('retention', () => {
  const start = new FakeClock().wallTime().getTime();
  const inDays = (days: number) => new Date(start + days * DAY_MS).toISOString();

  it('forgets people at their own time, or so long after their access ended', () => {
    expect(deletionTime(person('a'), 30)).toBeUndefined();
    expect(deletionTime(person('a', { validUntil: inDays(0) }), 30)?.toISOString()).toBe(inDays(30));
    expect(deletionTime(person('a', { validUntil: inDays(0) }), 'never')).toBeUndefined();
    expect(deletionTime(person('a', { validUntil: inDays(0), retainUntil: inDays(3) }), 30)?.toISOString()).toBe(inDays(3));
  });

  it('forgets also those who are only in an earlier generation any more', async () => {
    const removed = [
      person('overdue', { retainUntil: inDays(-1) }),
      person('later', { retainUntil: inDays(1.5) }),
      person('gone'),
    ];
    const { retention, clock, forgotten, days } = door([], 30, removed);
    await retention.start();
    // The door opens first: reading the copies of 10,000 people takes a second.
    expect(forgotten).toEqual([]);
    clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(forgotten).toEqual([['overdue']]);
    await days(3);
    expect(forgotten).toEqual([['overdue'], ['later']]);
  });

  it('looks at start and once a day', async () => {
    const overdue = person('overdue', { retainUntil: inDays(-1) });
    const later = person('later', { validUntil: inDays(-28) });
    const { retention, forgotten, days } = door([overdue, later, person('resident')]);
    await retention.start();
    expect(forgotten).toEqual([['overdue']]);
    await days(1);
    expect(forgotten).toHaveLength(1);
    await days(2);
    expect(forgotten).toEqual([['overdue'], ['later']]);
    await retention.stop();
    await retention.stop();
  });

  it('deletes nobody by a clock that jumped, unless the new time still holds a day later', async () => {
    const { retention, clock, forgotten, days } = door([person('guest', { validUntil: inDays(300) })]);
    await retention.start();
    clock.jumpWallTime(3_650 * DAY_MS);
    await days(1);
    clock.jumpWallTime(-3_650 * DAY_MS);
    await days(2);
    expect(forgotten).toEqual([]);
    clock.jumpWallTime(3_650 * DAY_MS);
    await days(1);
    expect(forgotten).toEqual([]);
    await days(1);
    expect(forgotten).toEqual([['guest']]);
    await retention.stop();
  });

  it('tells when it fails, and tries again the next day', async () => {
    const { retention, forgotten, faults, failing, days } = door([person('overdue', { retainUntil: inDays(-1) })]);
    failing.on = true;
    await retention.start();
    expect(faults).toEqual(['the disk is full']);
    failing.on = false;
    await days(1);
    expect(forgotten).toEqual([['overdue']]);
    await retention.stop();
  });
});
