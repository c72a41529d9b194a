import { describe, expect, it } from 'vitest';
import { deadlineMs, step } from '../../src/door/door-machine.js';
import {
  initialState,
  isEnergised,
  type DoorInput,
  type DoorSettings,
  type DoorState,
  type Lock,
} from '../../src/door/door-state.js';
import type { Happening } from '../../src/events.js';
import { settings } from './door-settings.js';

type Told = Happening | { readonly relay: 'energise' | 'release' } | { readonly refused: string };

/** A machine that is given its ticks when it asks for them, on a line that does what it is told. */
function machine(changes: Partial<DoorSettings> = {}) {
  const used = { ...settings, ...changes };
  const told: [number, Told][] = [];
  const door = {
    state: initialState(0),
    told,
    /** What was told since the last call. */
    news: (): [number, Told][] => told.splice(0),
    at(atMs: number, input: DoorInput extends infer I ? (I extends unknown ? Omit<I, 'atMs'> : never) : never): void {
      for (let dueMs = deadlineMs(door.state, used); dueMs !== undefined && dueMs < atMs; dueMs = deadlineMs(door.state, used)) {
        apply({ type: 'tick', atMs: dueMs });
      }
      apply({ ...input, atMs });
    },
  };
  const apply = (input: DoorInput): void => {
    const next = step(door.state, input, used);
    door.state = next.state;
    if (next.relay) told.push([input.atMs, { relay: next.relay }]);
    if (next.refused) told.push([input.atMs, { refused: next.refused }]);
    told.push(...next.emit.map((happening): [number, Told] => [input.atMs, happening]));
    if (next.relay) apply({ type: 'readback', energised: isEnergised(door.state), atMs: input.atMs });
  };
  door.at(0, { type: 'contact', open: false });
  return door;
}

const grant = (decidedAtMs: number) =>
  ({ type: 'grant', cause: 'face', person: { id: 'p1', name: 'Kian' }, decidedAtMs }) as const;
const kian = { id: 'p1', name: 'Kian' };

describe('a pulse', () => {
  it('unlocks for its length, then locks', () => {
    const door = machine();
    door.at(1_000, grant(900));
    door.at(9_000, { type: 'tick' });
    expect(door.news()).toEqual([
      [1_000, { relay: 'energise' }],
      [1_000, { type: 'unlocked', cause: 'face', person: kian, pulseMs: 3_000 }],
      [4_000, { relay: 'release' }],
      [4_000, { type: 'locked', cause: 'timeout', durationMs: 3_000 }],
    ]);
  });

  it('is not prolonged by a second grant, which has the rest of its own time after the relay has rested', () => {
    const door = machine();
    door.at(1_000, grant(1_000));
    door.at(3_900, grant(3_900));
    door.at(9_000, { type: 'tick' });
    expect(door.news().filter(([, told]) => 'relay' in told || ('type' in told && told.type === 'unlocked'))).toEqual([
      [1_000, { relay: 'energise' }],
      [1_000, expect.objectContaining({ pulseMs: 3_000 })],
      [4_000, { relay: 'release' }],
      [4_300, { relay: 'energise' }],
      [4_300, expect.objectContaining({ pulseMs: 2_600 })],
      [6_900, { relay: 'release' }],
    ]);
  });

  it('is not followed by a chatter when the second grant came right after the first', () => {
    const door = machine();
    door.at(1_000, grant(1_000));
    door.at(1_500, grant(1_500));
    door.at(9_000, { type: 'tick' });
    expect(door.news().filter(([, told]) => 'relay' in told)).toEqual([
      [1_000, { relay: 'energise' }],
      [4_000, { relay: 'release' }],
    ]);
  });

  it('begins after the rest when the grant comes just after the last pulse', () => {
    const door = machine();
    door.at(1_000, grant(1_000));
    door.at(4_100, grant(4_100));
    door.at(9_000, { type: 'tick' });
    expect(door.news().flatMap(([atMs, told]) => ('relay' in told ? [[atMs, told.relay]] : []))).toEqual([
      [1_000, 'energise'],
      [4_000, 'release'],
      [4_300, 'energise'],
      [7_100, 'release'],
    ]);
  });

  it('ends at the very input that finds it overdue, though its timer never came', () => {
    const late: DoorState = {
      ...initialState(0),
      contact: { is: 'closed' },
      lock: { is: 'pulse', sinceMs: 0, passage: { cause: 'face', untilMs: 3_000 }, confirmed: true },
    };
    const next = step(late, { ...grant(60_000), atMs: 60_000 }, settings);
    expect(next.relay).toBe('release');
    expect(next.state.lock).toMatchObject({ is: 'resting', untilMs: 60_300 });
  });

  it('stays to its end after the opening where relocking on opening is off', () => {
    const door = machine({ relockOnOpening: false });
    door.at(1_000, grant(1_000));
    door.at(1_500, { type: 'contact', open: true });
    door.at(1_800, { type: 'contact', open: false });
    door.at(2_000, { type: 'contact', open: true });
    door.at(5_000, { type: 'tick' });
    expect(door.news().flatMap(([atMs, told]) => ('relay' in told ? [[atMs, told.relay]] : []))).toEqual([
      [1_000, 'energise'],
      [4_000, 'release'],
    ]);
  });

  it('does not follow the last one on a line that still reads energised', () => {
    const stuck: DoorState = {
      ...initialState(0),
      lock: { is: 'resting', untilMs: 5_000, next: { cause: 'face', untilMs: 9_000 } },
      disagreesSinceMs: 4_990,
    };
    const next = step(stuck, { type: 'tick', atMs: 5_000 }, settings);
    expect(next).toMatchObject({ relay: 'release', state: { lock: { is: 'locked' } } });
    expect(step(next.state, { ...grant(5_300), atMs: 5_300 }, settings)).toMatchObject({ refused: 'relay_fault' });
  });
});

describe('a grant', () => {
  it.each([
    [1_000, undefined],
    [0, undefined],
    [1_001, 'stale'],
    [-1, 'stale'],
    [Number.NaN, 'stale'],
    [Infinity, 'stale'],
  ])('that was decided %d ms ago is refused as: %s', (ageMs, refused) => {
    const next = step(initialState(0), { ...grant(50_000 - ageMs), atMs: 50_000 }, settings);
    expect(next.refused).toBe(refused);
    expect(next.relay).toBe(refused === undefined ? 'energise' : undefined);
  });
});

describe('lockdown', () => {
  const mode = (to: 'normal' | 'lockdown', by: 'command' | 'schedule') => ({ type: 'mode', mode: to, by }) as const;

  it('takes back a pulse, the grant that waits behind it, and mode open', () => {
    for (const begin of [grant(1_000), { ...grant(1_000), type: 'hold', cause: 'schedule' } as const]) {
      const door = machine();
      door.at(1_000, begin);
      door.at(1_900, grant(1_900));
      door.at(2_000, mode('lockdown', 'command'));
      door.at(60_000, { type: 'tick' });
      expect(door.news().flatMap(([atMs, told]) => ('relay' in told ? [[atMs, told.relay]] : []))).toEqual([
        [1_000, 'energise'],
        [2_000, 'release'],
      ]);
      expect(door.state).toMatchObject({ mode: 'lockdown', lock: { is: 'locked' } });
    }
  });

  it('by command is not lifted by a schedule, also when the schedule ordered it too', () => {
    const door = machine();
    door.at(1_000, mode('lockdown', 'command'));
    door.at(2_000, mode('lockdown', 'schedule'));
    door.at(3_000, mode('normal', 'schedule'));
    expect(door.state.mode).toBe('lockdown');
    door.at(4_000, { ...grant(4_000), type: 'hold', cause: 'schedule' });
    expect(door.state.mode).toBe('lockdown');
    door.at(5_000, mode('normal', 'command'));
    expect(door.state.mode).toBe('normal');
    expect(door.news().flatMap(([, told]) => ('refused' in told ? [told.refused] : []))).toEqual(['lockdown', 'lockdown']);
  });

  it('by schedule is lifted by either', () => {
    for (const by of ['schedule', 'command'] as const) {
      const door = machine();
      door.at(1_000, mode('lockdown', 'schedule'));
      door.at(2_000, mode('normal', by));
      expect(door.state.mode).toBe('normal');
    }
  });

  it('lets people out by the exit button, unless that is switched off: then the opening is still not forced', () => {
    for (const exitButtonInLockdown of [true, false]) {
      const door = machine({ exitButtonInLockdown });
      door.at(1_000, mode('lockdown', 'command'));
      door.news();
      door.at(2_000, { type: 'exit_button' });
      door.at(3_000, { type: 'contact', open: true });
      const told = door.news().map(([, each]) => each);
      expect(told.some((each) => 'relay' in each && each.relay === 'energise')).toBe(exitButtonInLockdown);
      expect(told.map((each) => ('type' in each ? each.type : ''))).toContain('opened');
      expect(told.map((each) => ('type' in each ? each.type : ''))).not.toContain('forced_open');
    }
  });
});

describe('the door leaf', () => {
  const types = (door: ReturnType<typeof machine>) =>
    door.news().flatMap(([atMs, told]) => ('type' in told ? [[atMs, told.type]] : []));

  it('that opens without a right is forced; within the grace after the relock it is not', () => {
    const door = machine();
    door.at(10_000, { type: 'contact', open: true });
    door.at(11_000, { type: 'contact', open: false });
    expect(types(door)).toEqual([
      [10_000, 'opened'],
      [10_000, 'forced_open'],
      [11_000, 'closed'],
    ]);
    door.at(20_000, grant(20_000));
    door.at(24_000, { type: 'contact', open: true });
    door.at(24_100, { type: 'contact', open: false });
    door.at(24_101, { type: 'contact', open: true });
    expect(types(door).slice(2)).toEqual([
      [24_000, 'opened'],
      [24_100, 'closed'],
      [24_101, 'opened'],
      [24_101, 'forced_open'],
    ]);
  });

  it('that stands open is warned of and then alarmed of, once each, and closes with the time that it was open', () => {
    const door = machine();
    door.at(1_000, grant(1_000));
    door.at(2_000, { type: 'contact', open: true });
    door.news();
    door.at(100_000, { type: 'contact', open: false });
    expect(door.news()).toEqual([
      [22_000, { type: 'held_open', level: 'warning', durationMs: 20_000 }],
      [42_000, { type: 'held_open', level: 'alarm', durationMs: 40_000 }],
      [100_000, { type: 'closed', durationMs: 98_000 }],
    ]);
  });

  it('that was found open at start is held open from then on, and was not forced', () => {
    let state = initialState(5_000);
    const first = step(state, { type: 'contact', open: true, atMs: 5_100 }, settings);
    expect(first.emit).toEqual([]);
    state = first.state;
    expect(deadlineMs(state, settings)).toBe(25_100);
    expect(step(state, { type: 'tick', atMs: 25_100 }, settings).emit).toEqual([
      { type: 'held_open', level: 'warning', durationMs: 20_000 },
    ]);
  });

  it('may stand open in mode open; the time counts from the end of the mode', () => {
    const door = machine();
    door.at(1_000, { ...grant(1_000), type: 'hold', cause: 'schedule' });
    door.at(2_000, { type: 'contact', open: true });
    door.at(500_000, { type: 'mode', mode: 'normal', by: 'schedule' });
    door.at(521_000, { type: 'tick' });
    expect(door.news().slice(2)).toEqual([
      [2_000, { type: 'opened' }],
      [500_000, { relay: 'release' }],
      [500_000, { type: 'locked', cause: 'schedule', durationMs: 499_000 }],
      [520_000, { type: 'held_open', level: 'warning', durationMs: 518_000 }],
    ]);
  });
});

describe('every state with every input', () => {
  const NOW = 1_000_000;
  const passages = [
    { cause: 'face', untilMs: NOW + 500 },
    { cause: 'exit_button', untilMs: NOW },
  ] as const;
  const locks: Lock[] = [
    { is: 'locked', sinceMs: NOW - 10 },
    { is: 'locked', sinceMs: 0 },
    ...passages.flatMap((next): Lock[] => [
      { is: 'resting', untilMs: NOW, next },
      { is: 'resting', untilMs: NOW + 100, next },
    ]),
    ...passages.flatMap((passage): Lock[] =>
      [true, false].flatMap((confirmed): Lock[] => [
        { is: 'pulse', sinceMs: NOW - 2_500, passage, confirmed },
        { is: 'pulse', sinceMs: NOW - 2_500, passage, confirmed, next: { cause: 'face', untilMs: NOW + 2_000 } },
      ]),
    ),
    { is: 'held', sinceMs: 0, cause: 'schedule', confirmed: true },
    { is: 'held', sinceMs: NOW, cause: 'command', confirmed: false },
    { is: 'stopped' },
  ];
  const contacts: DoorState['contact'][] = [
    { is: 'unknown' },
    { is: 'closed' },
    ...(['no', 'warning', 'alarm'] as const).map((held) => ({ is: 'open', sinceMs: 0, heldFromMs: NOW - 20_000, held }) as const),
  ];
  const states = locks.flatMap((lock) =>
    (lock.is === 'held' ? (['open'] as const) : (['normal', 'lockdown'] as const)).flatMap((mode) =>
      contacts.flatMap((contact) =>
        (['ok', 'will_not_energise', 'will_not_release'] as const).flatMap((relay) =>
          [undefined, NOW - 50].flatMap((disagreesSinceMs) =>
            (['command', 'schedule'] as const).map((modeBy): DoorState => ({
              mode,
              modeBy,
              lock,
              contact,
              relay,
              disagreesSinceMs,
              tamper: false,
              passUntilMs: NOW - 1,
            })),
          ),
        ),
      ),
    ),
  );
  const inputs: DoorInput[] = [
    { type: 'tick' } as const,
    ...(['face', 'command', 'exit_button', 'schedule'] as const).flatMap((cause) =>
      (['grant', 'hold'] as const).flatMap((type) =>
        [NOW, NOW - 1_001].map((decidedAtMs) => ({ type, cause, decidedAtMs }) as const),
      ),
    ),
    ...(['command', 'schedule', 'fault'] as const).map((cause) => ({ type: 'lock', cause }) as const),
    ...(['normal', 'lockdown'] as const).flatMap((mode) =>
      (['command', 'schedule'] as const).map((by) => ({ type: 'mode', mode, by }) as const),
    ),
    { type: 'exit_button' } as const,
    ...[true, false].flatMap(
      (yes) =>
        [
          { type: 'contact', open: yes },
          { type: 'tamper', active: yes },
          { type: 'readback', energised: yes },
          { type: 'relay_fault', reason: 'EIO', energising: yes },
        ] as const,
    ),
    { type: 'stop' } as const,
  ].map((input) => ({ ...input, atMs: NOW }));

  /** The rules that this step breaks. */
  function brokenRules(before: DoorState, input: DoorInput): string[] {
    const { state, relay, emit } = step(before, input, settings);
    const [was, is] = [isEnergised(before), isEnergised(state)];
    const stopped = state.lock.is === 'stopped';
    const rules: Record<string, boolean> = {
      'mode open and a held lock are one thing': stopped || (state.mode === 'open') === (state.lock.is === 'held'),
      'only a grant, the exit button or a passage that waited energises':
        relay !== 'energise' || ['grant', 'hold', 'exit_button'].includes(input.type) || before.lock.is === 'resting',
      'a relay that will not release is not energised': relay !== 'energise' || before.relay !== 'will_not_release',
      'a stopped door energises nothing': relay !== 'energise' || before.lock.is !== 'stopped',
      'in lockdown only the exit button energises, or one who waited since':
        relay !== 'energise' || before.mode !== 'lockdown' || input.type === 'exit_button' || before.lock.is === 'resting',
      'what changes is written': was === is || relay === (is ? 'energise' : 'release'),
      'what is written is what is meant': relay === undefined || (relay === 'energise') === is,
      'a pulse has an end': state.lock.is !== 'pulse' || state.lock.passage.untilMs - state.lock.sinceMs <= settings.pulseMs,
      'stop releases': input.type !== 'stop' || (stopped && (before.lock.is === 'stopped' || relay === 'release')),
      'lock releases': input.type !== 'lock' || stopped || relay === 'release',
      'lockdown releases':
        input.type !== 'mode' ||
        input.mode !== 'lockdown' ||
        stopped ||
        (state.mode === 'lockdown' && !is && relay === 'release'),
      'a fault releases': input.type !== 'relay_fault' || (!is && relay === 'release'),
      'unlocked is read back first': emit.every(({ type }) => type !== 'unlocked') || input.type === 'readback',
      'locked comes after unlocked':
        emit.every(({ type }) => type !== 'locked') || ('confirmed' in before.lock && before.lock.confirmed),
      // Or the timer would spin. A disagreement is decided by the read-back that follows every step.
      'nothing is left due':
        (deadlineMs(state, settings) ?? Infinity) > NOW || (state.disagreesSinceMs !== undefined && input.type !== 'readback'),
    };
    return Object.keys(rules).filter((rule) => !rules[rule]);
  }

  it('keeps the rules of the door', () => {
    let steps = 0;
    for (const before of states) {
      for (const input of inputs) {
        const broken = brokenRules(before, input);
        if (broken.length > 0) expect(broken, JSON.stringify({ before, input })).toEqual([]);
        steps += 1;
      }
    }
    // 20 locks in their modes, 5 contacts, 3 states of the relay, agreeing or not, 2 who ordered; 34 inputs.
    expect([states.length, inputs.length, steps]).toEqual([1_920, 34, 65_280]);
  });
});
