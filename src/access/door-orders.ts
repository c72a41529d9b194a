import type { Clock, Timer } from '../clock.js';
import type { PersonRef } from '../events.js';
import type { Schedule } from '../schedule-schema.js';
import { makeGrant, type Grant } from './grant.js';
import type { LockdownMark } from './lockdown-mark.js';
import { isPlausible } from './policy.js';
import { isOpen, nextChange } from './schedule.js';

export type DoorMode = 'normal' | 'lockdown' | 'open';

export type Obeyed = { readonly done: true } | { readonly done: false; readonly refused: string };

/** What is ordered of a door; door/ has such a door. */
export interface OrderedDoor {
  state(): { readonly mode: DoorMode };
  grant(grant: Grant): Obeyed;
  holdOpen(grant: Grant): Obeyed;
  lock(cause: 'command' | 'schedule'): void;
  setMode(mode: 'normal' | 'lockdown', by: 'command' | 'schedule'): Obeyed;
}

/**
 * What operators and the schedule order of the door. The order of precedence, the first that speaks counts:
 *
 * 1. a lockdown that an operator ordered, until an operator resumes, over restarts as well
 * 2. what else an operator ordered (lock, or resume out of a scheduled lockdown), until the schedule's next word
 * 3. the schedule's lockdown
 * 4. the schedule's open hours
 */
export interface DoorOrders {
  /** Brings the door to what is ordered, and follows the schedule from now on. Once only. */
  start(): Promise<void>;
  /** Unlocks for one pulse, lockout or not; refused in lockdown. */
  unlock(person?: PersonRef): Obeyed;
  lock(): void;
  lockdown(): void;
  /** Back to what the schedule says, and the end of a lockout. */
  resume(): Obeyed;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

export interface DoorHours {
  readonly openDuring?: Schedule | undefined;
  readonly lockdownDuring?: Schedule | undefined;
}

/** What the schedules alone say of the door at an instant. A clock that is surely wrong opens nothing and lifts nothing. */
export function scheduledMode({ openDuring, lockdownDuring }: DoorHours, at: Date): DoorMode {
  const certain = isPlausible(at);
  if (lockdownDuring && (!certain || isOpen(lockdownDuring, at))) return 'lockdown';
  return openDuring && certain && isOpen(openDuring, at) ? 'open' : 'normal';
}

/** When `scheduledMode` may say something else; undefined when never. */
export function nextScheduledChange({ openDuring, lockdownDuring }: DoorHours, at: Date): Date | undefined {
  return [openDuring, lockdownDuring]
    .flatMap((schedule) => (schedule && nextChange(schedule, at)) ?? [])
    .sort((a, b) => a.getTime() - b.getTime())
    .at(0);
}

/** The schedule is looked at anew so often, in case the wall clock jumped, or a fault ended open hours. */
const LOOK_EVERY_MS = 30_000;

export interface DoorOrdersParts {
  readonly door: OrderedDoor;
  readonly hours: DoorHours;
  readonly lockout: { clear(): void };
  readonly mark: LockdownMark;
  readonly clock: Clock;
}

export function createDoorOrders({ door, hours, lockout, mark, clock }: DoorOrdersParts): DoorOrders {
  let timer: Timer | undefined;
  /** Between these instants an operator's order stands against the schedule's. */
  let overruling: { readonly fromMs: number; readonly untilMs: number } | undefined;
  let stopped = false;

  const grant = (cause: 'command' | 'schedule', person?: PersonRef): Grant =>
    makeGrant({ cause, decidedAtMs: clock.monotonicMs(), ...(person && { person }) });

  function follow(): void {
    if (stopped) return;
    const now = clock.wallTime();
    const nowMs = now.getTime();
    // A clock that was put back behind the order ends it as well: the schedule counts where time is in doubt.
    if (!(overruling && overruling.fromMs <= nowMs && nowMs < overruling.untilMs)) {
      overruling = undefined;
      bring(scheduledMode(hours, now));
    }
    timer?.cancel();
    if (!hours.openDuring && !hours.lockdownDuring) return;
    const changeMs = nextScheduledChange(hours, now)?.getTime() ?? Infinity;
    timer = clock.after(Math.min(changeMs - nowMs, LOOK_EVERY_MS), follow);
  }

  /** An order stands against what the schedule says now, until it says something else. */
  function overrule(said: DoorMode): void {
    const now = clock.wallTime();
    overruling =
      scheduledMode(hours, now) === said
        ? { fromMs: now.getTime(), untilMs: nextScheduledChange(hours, now)?.getTime() ?? Infinity }
        : undefined;
  }

  function bring(wanted: DoorMode): void {
    const { mode } = door.state();
    if (mode === wanted) return;
    if (wanted === 'lockdown') door.setMode('lockdown', 'schedule');
    else if (mode === 'lockdown' && !door.setMode('normal', 'schedule').done) return;
    else if (wanted === 'open') door.holdOpen(grant('schedule'));
    else if (mode === 'open') door.lock('schedule');
  }

  return {
    async start() {
      if (await mark.isSet()) door.setMode('lockdown', 'command');
      follow();
    },
    unlock: (person) => door.grant(grant('command', person)),
    lock() {
      // Outside open hours locking orders nothing that the schedule says otherwise: an order that stands stays.
      if (scheduledMode(hours, clock.wallTime()) === 'open') overrule('open');
      door.lock('command');
    },
    lockdown() {
      door.setMode('lockdown', 'command');
      mark.set(true);
    },
    resume() {
      mark.set(false);
      lockout.clear();
      const outcome = door.setMode('normal', 'command');
      overrule('lockdown');
      follow();
      return outcome;
    },
    async stop() {
      stopped = true;
      timer?.cancel();
      await mark.settled();
    },
  };
}
