import { dirname, join } from 'node:path';
import { createDoorOrders, type DoorOrders } from '../access/door-orders.js';
import { LockdownMark } from '../access/lockdown-mark.js';
import { LockoutFile } from '../access/lockout-file.js';
import { detectsAttacks, lockoutRules, openLockout, withoutLockout } from '../access/lockout.js';
import { createPolicy, type Policy } from '../access/policy.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import type { Door } from '../door/door.js';
import type { Emit } from '../events.js';
import { nodeDisk } from '../identity/people-file/disk.js';
import type { People } from '../identity/people.js';
import { scheduleNamed } from '../schedule-schema.js';
import type { Parts } from './parts.js';

interface Needs {
  readonly config: Config;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly door: Door;
  readonly people: People;
  /** The door has never run before. */
  readonly firstStart: boolean;
}

/** What is allowed beyond recognition: the policy for those who come, and what operators and schedules order of the door. */
export async function openRules(needs: Needs, parts: Parts): Promise<{ readonly policy: Policy; readonly orders: DoorOrders }> {
  const { config, clock, emit, door, people, firstStart } = needs;
  const beside = (name: string) => join(dirname(config.people.file), name);
  const file = new LockoutFile(config.lockout.file ?? beside('lockout.json'), nodeDisk);
  const rules = lockoutRules(config.lockout, detectsAttacks(config.liveness));
  const lockout = config.lockout.enabled
    ? parts.add(await openLockout({ rules, file, clock, emit, firstStart }), (it) => it.stop())
    : withoutLockout;

  const { schedules } = config;
  const named = (name: string | undefined) => (name === undefined ? undefined : scheduleNamed(schedules, name));
  const hours = { openDuring: named(config.door.openDuring), lockdownDuring: named(config.door.lockdownDuring) };
  const mark = new LockdownMark(beside('lockdown'), nodeDisk, emit);
  const orders = parts.add(createDoorOrders({ door, hours, lockout, mark, clock }), (it) => it.stop());
  const policy = createPolicy({
    schedules,
    find: (id) => people.find(id),
    doorMode: () => door.state().mode,
    lockout,
    clock,
  });
  return { policy, orders };
}
