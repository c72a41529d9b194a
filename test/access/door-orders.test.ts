import { mkdtemp, rm, writeFile, access as exists } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDoorOrders, nextScheduledChange, scheduledMode, type DoorHours } from '../../src/access/door-orders.js';
import { LockdownMark } from '../../src/access/lockdown-mark.js';
import { defaultConfig } from '../../src/config.js';
import { createDoor, doorSettings } from '../../src/door/door.js';
import type { Happening } from '../../src/events.js';
import { nodeDisk } from '../../src/identity/people-file/disk.js';
import { DAYS, type Schedule } from '../../src/schedule-schema.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeRelay } from '../fakes/fake-relay.js';

const HOUR_MS = 3_600_000;
const utc = (from: string, to: string): Schedule => ({ timeZone: 'UTC', hours: [{ days: [...DAYS], from, to }], holidays: [] });

/** Time passes, of which only the last look at the schedule matters. */
function later(clock: FakeClock, hours: number): void {
  clock.jumpWallTime(hours * HOUR_MS - 30_000);
  clock.advance(30_000);
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-orders-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function ordered(hours: DoorHours, wallTime = '2026-01-05T07:00:00Z') {
  const clock = new FakeClock(new Date(wallTime));
  const events: Happening[] = [];
  const emit = (happening: Happening) => events.push(happening);
  const relay = new FakeRelay(clock);
  const door = createDoor({ relay, inputs: {}, clock, emit, settings: { ...doorSettings(defaultConfig()), checkMs: 60_000 } });
  door.start();
  const lockout = { clears: 0, clear: () => lockout.clears++ };
  const mark = new LockdownMark(join(folder, 'lockdown'), nodeDisk, emit);
  const orders = createDoorOrders({ door, hours, lockout, mark, clock });
  await orders.start();
  return { clock, events, relay, door, lockout, orders, mode: () => door.state().mode };
}

describe('the schedules of a door', () => {
  const hours = { openDuring: utc('08:00', '18:00'), lockdownDuring: utc('22:00', '06:00') };
  const at = (time: string) => new Date(`2026-01-05T${time}:00Z`);

  it('say open, lockdown or normal', () => {
    expect(['05:00', '07:00', '08:00', '17:59', '18:00', '22:00'].map((time) => scheduledMode(hours, at(time)))).toEqual([
      'lockdown',
      'normal',
      'open',
      'open',
      'normal',
      'lockdown',
    ]);
    expect(scheduledMode({}, at('12:00'))).toBe('normal');
    expect(nextScheduledChange(hours, at('12:00'))).toEqual(at('18:00'));
    expect(nextScheduledChange({}, at('12:00'))).toBeUndefined();
  });

  it('put lockdown before open where both hold', () => {
    expect(scheduledMode({ openDuring: utc('00:00', '24:00'), lockdownDuring: utc('11:00', '13:00') }, at('12:00'))).toBe(
      'lockdown',
    );
  });

  it('open nothing and lift nothing by a clock that is surely wrong', () => {
    const always = utc('00:00', '24:00');
    for (const now of [new Date(0), new Date('2150-01-01'), new Date(Number.NaN)]) {
      expect(scheduledMode({ openDuring: always }, now)).toBe('normal');
      expect(scheduledMode({ lockdownDuring: utc('11:00', '11:01') }, now)).toBe('lockdown');
    }
  });
});

describe('the orders of a door', () => {
  it('hold it released during its open hours and lock it at their end, to the minute', async () => {
    const { clock, relay, events, mode } = await ordered({ openDuring: utc('08:00', '18:00') });
    clock.advance(HOUR_MS - 1);
    expect(relay.line).toBe(false);
    clock.advance(1);
    expect([relay.line, mode()]).toEqual([true, 'open']);
    later(clock, 9);
    clock.advance(HOUR_MS - 1);
    expect(relay.line).toBe(true);
    clock.advance(1);
    expect([relay.line, mode()]).toEqual([false, 'normal']);
    expect(events).toMatchObject([
      { type: 'unlocked', cause: 'schedule' },
      { type: 'locked', cause: 'schedule' },
    ]);
  });

  it('keep a scheduled lockdown, in which a command opens nothing', async () => {
    const { clock, orders, relay, events, mode } = await ordered({ lockdownDuring: utc('08:00', '18:00') });
    later(clock, 1);
    expect(mode()).toBe('lockdown');
    expect(orders.unlock()).toMatchObject({ done: false, refused: 'lockdown' });
    later(clock, 10);
    expect(mode()).toBe('normal');
    expect(orders.unlock()).toEqual({ done: true });
    expect(relay.line).toBe(true);
    expect(events.map(({ type }) => type)).toEqual(['lockdown', 'lockdown', 'unlocked']);
  });

  it("put an operator's lockdown before open hours, and return to them when the operator resumes", async () => {
    const { clock, orders, relay, mode } = await ordered({ openDuring: utc('06:00', '18:00') });
    expect(mode()).toBe('open');
    orders.lockdown();
    expect([relay.line, mode()]).toEqual([false, 'lockdown']);
    later(clock, 1);
    expect(mode()).toBe('lockdown');
    orders.resume();
    expect(mode()).toBe('open');
    await orders.stop();
  });

  it("keep an operator's lockdown beyond the end of open hours and over the next ones", async () => {
    const { clock, orders, mode } = await ordered({ openDuring: utc('06:00', '18:00') });
    orders.lockdown();
    later(clock, 36);
    expect(mode()).toBe('lockdown');
    await orders.stop();
  });

  it('let an operator lock during open hours, until the next ones', async () => {
    const { clock, orders, mode } = await ordered({ openDuring: utc('06:00', '18:00') });
    orders.lock();
    later(clock, 10);
    expect(mode()).toBe('normal');
    later(clock, 13);
    expect(mode()).toBe('open');
  });

  it('let an operator resume out of a scheduled lockdown, until the next one', async () => {
    const { clock, orders, lockout, mode } = await ordered({ lockdownDuring: utc('06:00', '18:00') });
    orders.resume();
    later(clock, 5);
    expect([mode(), lockout.clears]).toEqual(['normal', 1]);
    later(clock, 18);
    expect(mode()).toBe('lockdown');
    await orders.stop();
  });

  it('keep a resume out of a scheduled lockdown though the operator locks the door as well', async () => {
    const { clock, orders, mode } = await ordered({ lockdownDuring: utc('06:00', '18:00') });
    orders.resume();
    orders.lock();
    later(clock, 5);
    expect(mode()).toBe('normal');
    await orders.stop();
  });

  it('return to open hours after a fault released the relay', async () => {
    const { clock, door, mode } = await ordered({ openDuring: utc('06:00', '18:00') });
    door.releaseNow();
    expect(mode()).toBe('normal');
    clock.advance(30_000);
    expect(mode()).toBe('open');
  });

  it('follow a wall clock that jumps over the end of open hours, within half a minute', async () => {
    const { clock, mode, relay } = await ordered({ openDuring: utc('06:00', '18:00') });
    clock.jumpWallTime(12 * HOUR_MS);
    clock.advance(30_000);
    expect([mode(), relay.line]).toEqual(['normal', false]);
    clock.jumpWallTime(-40 * 365 * 24 * HOUR_MS);
    clock.advance(12 * HOUR_MS);
    expect(relay.line).toBe(false);
  });

  it('stop following when stopped', async () => {
    const { clock, orders, relay } = await ordered({ openDuring: utc('08:00', '18:00') });
    await orders.stop();
    await orders.stop();
    clock.advance(5 * HOUR_MS);
    expect(relay.line).toBe(false);
  });

  it('never hold the relay energised outside open hours, whatever operators order', async () => {
    type Action = 'lock' | 'lockdown' | 'resume' | 'wait' | 'fault';
    const actions = fc.array(fc.constantFrom<Action>('lock', 'lockdown', 'resume', 'wait', 'wait', 'fault'), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(actions, async (sequence) => {
        const openDuring = utc('08:00', '18:00');
        const { clock, orders, door, relay, mode } = await ordered({ openDuring });
        let locked = false;
        for (const action of sequence) {
          if (action === 'wait') later(clock, 5);
          else if (action === 'fault') door.releaseNow();
          else orders[action]();
          if (action === 'lockdown') locked = true;
          if (action === 'resume') locked = false;
          const open = scheduledMode({ openDuring }, clock.wallTime()) === 'open';
          if (!open || locked) expect(relay.line).toBe(false);
          if (locked) expect(mode()).toBe('lockdown');
        }
        orders.resume();
        await orders.stop();
      }),
      { numRuns: 50 },
    );
  });
});

describe('a lockdown that an operator ordered', () => {
  it('stands after a restart until an operator resumes', async () => {
    const before = await ordered({});
    before.orders.lockdown();
    await before.orders.stop();
    const after = await ordered({ openDuring: utc('06:00', '18:00') });
    expect(after.mode()).toBe('lockdown');
    after.orders.resume();
    await after.orders.stop();
    expect((await ordered({})).mode()).toBe('normal');
    await expect(exists(join(folder, 'lockdown'))).rejects.toThrow('ENOENT');
  });

  it('holds, and is told, where its mark cannot be made or read', async () => {
    await rm(folder, { recursive: true });
    await writeFile(folder, 'not a folder');
    const { orders, events, mode } = await ordered({});
    orders.lockdown();
    await orders.stop();
    expect(mode()).toBe('lockdown');
    expect(events.filter(({ type }) => type === 'store_fault')).not.toEqual([]);
  });
});
