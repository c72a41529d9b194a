import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deadlineMs, step } from '../../src/door/door-machine.js';
import {
  initialState,
  isEnergised,
  type DoorInput,
  type DoorSettings,
  type DoorState,
  type Step,
} from '../../src/door/door-state.js';
import { settings as usual } from './door-settings.js';

const SEED = 20_260_105;
const RUNS = 10_000;

type Machine = (state: DoorState, input: DoorInput, settings: DoorSettings) => Step;
type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;
/** What happens next, and after how long; `ageMs` makes the decision of a grant. */
interface Happens {
  readonly afterMs: number;
  readonly what:
    | Exclude<Untimed<DoorInput>, { decidedAtMs: number }>
    | { readonly type: 'grant' | 'hold'; readonly cause: Cause; readonly ageMs: number }
    /** From now on the line reads this, whatever it is told. */
    | { readonly type: 'line'; readonly stuckAt: boolean | undefined };
}
type Cause = 'face' | 'command' | 'exit_button' | 'schedule';

/**
 * Watches the relay from outside and knows only what was asked of the door, not how it works. Throws at the first moment
 * at which the relay is energised against the rules.
 */
class Witness {
  readonly #settings: DoorSettings;
  #energised = false;
  #goSinceMs = 0;
  #releasedAtMs = -Infinity;
  #lastRightMs = -Infinity;
  #mode: 'normal' | 'lockdown' | 'open' = 'normal';
  #lockdownBy: 'command' | 'schedule' = 'command';
  #stopped = false;

  constructor(settings: DoorSettings) {
    this.#settings = settings;
  }

  asked(input: DoorInput): void {
    if (this.#stopped) return;
    const { atMs } = input;
    if (input.type === 'grant' || input.type === 'hold') {
      const ageMs = atMs - input.decidedAtMs;
      if (ageMs < 0 || ageMs > this.#settings.maxGrantAgeMs || this.#mode === 'lockdown') return;
      if (input.type === 'grant') this.#lastRightMs = atMs;
      else if (input.cause === 'command' || input.cause === 'schedule') this.#mode = 'open';
    }
    if (input.type === 'exit_button' && (this.#mode !== 'lockdown' || this.#settings.exitButtonInLockdown))
      this.#lastRightMs = atMs;
    if (input.type === 'lock' || input.type === 'relay_fault' || input.type === 'stop') this.#revoke();
    if (input.type === 'mode') this.#changeMode(input);
    if (input.type === 'stop') this.#stopped = true;
  }

  /** The door says by itself that its relay failed: it has no rights then either. */
  jammed(): void {
    this.#revoke();
  }

  wrote(atMs: number, relay: 'energise' | 'release'): void {
    if (relay === 'energise' && !this.#energised) {
      // Released for less than its rest, the relay's contact may not have moved: it is one go still.
      if (atMs - this.#releasedAtMs >= this.#settings.restMs) this.#goSinceMs = atMs;
    }
    if (relay === 'release' && this.#energised) this.#releasedAtMs = atMs;
    this.#energised = relay === 'energise';
  }

  /** Nothing has changed up to this moment. */
  sees(atMs: number): void {
    if (!this.#energised) return;
    if (this.#stopped) throw new Error(`energised at ${atMs} after stop`);
    if (this.#mode === 'open') {
      this.#goSinceMs = atMs;
      return;
    }
    if (atMs - this.#lastRightMs > this.#settings.pulseMs) throw new Error(`energised at ${atMs} without a right to it`);
    if (atMs - this.#goSinceMs > this.#settings.pulseMs) throw new Error(`energised at ${atMs} for longer than a pulse`);
  }

  #revoke(): void {
    this.#lastRightMs = -Infinity;
    if (this.#mode === 'open') this.#mode = 'normal';
  }

  #changeMode(input: Extract<DoorInput, { type: 'mode' }>): void {
    if (input.mode === 'lockdown') {
      const kept = this.#mode === 'lockdown' && this.#lockdownBy === 'command';
      this.#revoke();
      this.#mode = 'lockdown';
      this.#lockdownBy = kept ? 'command' : input.by;
    } else if (this.#mode === 'open') this.#revoke();
    else if (!(this.#mode === 'lockdown' && this.#lockdownBy === 'command' && input.by === 'schedule')) this.#mode = 'normal';
  }
}

/** Plays a sequence to a machine on a line that mostly does what it is told, with ticks when the machine wants them. */
function play(machine: Machine, sequence: readonly Happens[], settings: DoorSettings): void {
  const witness = new Witness(settings);
  let state = initialState(0);
  let nowMs = 0;
  let stuckAt: boolean | undefined;
  const give = (input: DoorInput): void => {
    witness.asked(input);
    const next = machine(state, input, settings);
    state = next.state;
    if (next.relay) witness.wrote(input.atMs, next.relay);
    if (next.emit.some(({ type }) => type === 'jammed')) witness.jammed();
    // As door.ts does: whatever came, the line is read back.
    if (input.type !== 'readback') give({ type: 'readback', energised: stuckAt ?? isEnergised(state), atMs: input.atMs });
    witness.sees(input.atMs);
  };
  const waitUntil = (endMs: number): void => {
    for (;;) {
      const dueMs = deadlineMs(state, settings);
      if (dueMs === undefined || dueMs > endMs || dueMs < nowMs) break;
      witness.sees(dueMs);
      nowMs = dueMs;
      give({ type: 'tick', atMs: nowMs });
      if (deadlineMs(state, settings) === dueMs) break;
    }
    nowMs = endMs;
    witness.sees(nowMs);
  };
  for (const { afterMs, what } of sequence) {
    waitUntil(nowMs + afterMs);
    if (what.type === 'line') stuckAt = what.stuckAt;
    else if ('ageMs' in what) give({ type: what.type, cause: what.cause, decidedAtMs: nowMs - what.ageMs, atMs: nowMs });
    else give({ ...what, atMs: nowMs });
  }
  waitUntil(nowMs + 2 * settings.pulseMs);
  give({ type: 'stop', atMs: nowMs });
  waitUntil(nowMs + 2 * settings.pulseMs);
}

const by = fc.constantFrom('command' as const, 'schedule' as const);
const ageMs = fc.oneof(
  { weight: 4, arbitrary: fc.nat(1_000) },
  { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 60_000 }) },
);
const cause = fc.constantFrom<Cause>('face', 'command', 'exit_button', 'schedule');
const what: fc.Arbitrary<Happens['what']> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ type: fc.constant('grant' as const), cause, ageMs }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('hold' as const), cause, ageMs }) },
  { weight: 3, arbitrary: fc.constant({ type: 'exit_button' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('lock' as const), cause: fc.constantFrom('command', 'schedule', 'fault') }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('mode' as const), mode: fc.constantFrom('normal', 'lockdown'), by }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('contact' as const), open: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('tamper' as const), active: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('line' as const), stuckAt: fc.option(fc.boolean(), { nil: undefined }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant('relay_fault' as const), reason: fc.constant('EIO'), energising: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.constant({ type: 'tick' as const }) },
);
const afterMs = fc.oneof(fc.nat(60), fc.nat(4_000), fc.nat(70_000));
const sequences = fc.array(fc.record({ afterMs, what }), { minLength: 1, maxLength: 40 });
const anySettings = fc.record({
  pulseMs: fc.constantFrom(100, 3_000, 30_000),
  restMs: fc.constantFrom(50, 300),
  relockOnOpening: fc.boolean(),
  exitButtonInLockdown: fc.boolean(),
  jammedAfterMs: fc.constantFrom(0, 50, 1_000),
});

const check = (machine: Machine) =>
  fc.check(
    fc.property(sequences, anySettings, (sequence, settings) => play(machine, sequence, { ...usual, ...settings })),
    { seed: SEED, numRuns: RUNS },
  );

describe('over 10,000 random sequences', () => {
  it('the relay is never energised longer than the pulse, never without a right to it, never in lockdown, never after stop', () => {
    const result = check(step);
    expect(result.failed, fc.defaultReportMessage(result) ?? '').toBe(false);
    expect(result.numRuns).toBe(RUNS);
  });

  it('and the sequences do come by what matters: pulses, waiting grants, mode open, lockdown, jams', () => {
    const seen = new Map<string, number>();
    const counting: Machine = (state, input, settings) => {
      const next = step(state, input, settings);
      const names = [
        next.state.lock.is,
        next.state.mode,
        next.state.relay,
        next.refused ?? 'taken',
        ...next.emit.map(({ type }) => type),
      ];
      if (next.state.mode === 'lockdown' && next.state.lock.is === 'pulse') names.push('exit in lockdown');
      names.forEach((name) => seen.set(name, (seen.get(name) ?? 0) + 1));
      return next;
    };
    expect(check(counting).failed).toBe(false);
    const wanted = ['pulse', 'resting', 'held', 'lockdown', 'exit in lockdown', 'will_not_energise', 'will_not_release'];
    const events = ['unlocked', 'locked', 'forced_open', 'held_open', 'jammed', 'relay_ok', 'stale', 'relay_fault'];
    for (const name of [...wanted, ...events]) expect(seen.get(name) ?? 0, name).toBeGreaterThan(200);
  });
});

/** Machines that are broken on purpose: each does one thing that the door must not. */
const broken: Readonly<Record<string, Machine>> = {
  'skips the relock when the pulse is over': (state, input, settings) => {
    const next = step(state, input, settings);
    return input.type === 'tick' && next.relay === 'release' ? { state, emit: [] } : next;
  },
  'locks in its state but does not write it': (state, input, settings) => {
    const { relay, ...next } = step(state, input, settings);
    return relay === 'release' || relay === undefined ? next : { ...next, relay };
  },
  'prolongs a pulse for a second grant': (state, input, settings) => {
    const next = step(state, input, settings);
    const { lock } = next.state;
    if (input.type !== 'grant' || next.refused || lock.is !== 'pulse') return next;
    const passage = { ...lock.passage, untilMs: input.atMs + settings.pulseMs };
    return { ...next, state: { ...next.state, lock: { ...lock, passage } } };
  },
  'begins the second pulse with no rest after the first': (state, input, settings) =>
    step(state, input, { ...settings, restMs: 0 }),
  'gives the waiting grant a whole pulse': (state, input, settings) => {
    const next = step(state, input, settings);
    const { lock } = next.state;
    if (state.lock.is !== 'resting' || lock.is !== 'pulse') return next;
    const passage = { ...lock.passage, untilMs: input.atMs + settings.pulseMs };
    return { ...next, state: { ...next.state, lock: { ...lock, passage } } };
  },
  'takes stale grants': (state, input, settings) => step(state, input, { ...settings, maxGrantAgeMs: 120_000 }),
  'takes grants from the future': (state, input, settings) =>
    step(state, 'decidedAtMs' in input ? { ...input, decidedAtMs: Math.min(input.decidedAtMs, input.atMs) } : input, settings),
  'takes grants in lockdown': (state, input, settings) => {
    if (input.type !== 'grant' || state.mode !== 'lockdown') return step(state, input, settings);
    const next = step({ ...state, mode: 'normal' }, input, settings);
    return { ...next, state: { ...next.state, mode: 'lockdown' } };
  },
  'lets the exit button work in lockdown when it must not': (state, input, settings) =>
    step(state, input, { ...settings, exitButtonInLockdown: true }),
  'lets a pulse run on into lockdown': (state, input, settings) =>
    input.type === 'mode' && input.mode === 'lockdown' && state.lock.is === 'pulse'
      ? { state: { ...state, mode: 'lockdown', modeBy: input.by }, emit: [] }
      : step(state, input, settings),
  'lets a schedule lift the lockdown of a command': (state, input, settings) =>
    step(input.type === 'mode' && input.by === 'schedule' ? { ...state, modeBy: 'schedule' } : state, input, settings),
  'holds open for a face': (state, input, settings) =>
    step(state, input.type === 'hold' && input.cause === 'face' ? { ...input, cause: 'command' } : input, settings),
  'stays energised on a fault of the relay': (state, input, settings) =>
    input.type === 'relay_fault' ? { state, emit: [] } : step(state, input, settings),
  'stays energised when it jams': (state, input, settings) =>
    input.type === 'readback' ? { state, emit: [{ type: 'jammed' }] } : step(state, input, settings),
  'does not release at stop': (state, input, settings) =>
    input.type === 'stop' ? { state, emit: [] } : step(state, input, settings),
  'unlocks when the door opens': (state, input, settings) => {
    const next = step(state, input, settings);
    if (input.type !== 'contact' || next.state.lock.is !== 'locked') return next;
    const passage = { cause: 'face', untilMs: input.atMs + settings.pulseMs } as const;
    return {
      ...next,
      state: { ...next.state, lock: { is: 'pulse', sinceMs: input.atMs, passage, confirmed: true } },
      relay: 'energise',
    };
  },
};

describe('the check has teeth: a machine is caught that', () => {
  it.each(Object.entries(broken))('%s', (_, machine) => {
    const result = check(machine);
    expect(result.failed).toBe(true);
    expect(String(result.errorInstance)).toMatch(/energised at \d+ /);
  });
});
