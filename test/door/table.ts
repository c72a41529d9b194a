import { readFileSync } from 'node:fs';
import { deadlineMs, step } from '../../src/door/door-machine.js';
import { initialState, isEnergised, type DoorInput, type DoorState, type Lock, type Step } from '../../src/door/door-state.js';
import { settings } from './door-settings.js';

/** When every input of the tables comes. */
export const NOW = 100_000;

const base: DoorState = { ...initialState(0), contact: { is: 'closed' } };
const face = { cause: 'face', person: { id: 'p1', name: 'Kian' } } as const;
const pulse = {
  is: 'pulse',
  sinceMs: NOW - 1_000,
  passage: { ...face, untilMs: NOW + 2_000 },
  confirmed: true,
} satisfies Lock;
const exitPulse = { ...pulse, passage: { cause: 'exit_button', untilMs: NOW + 2_000 } } satisfies Lock;
const openDoor = { is: 'open', sinceMs: NOW - 5_000, heldFromMs: NOW - 5_000 } as const;

/** The states that are the columns of the tables in docs/door.md. */
export const lockStates: Readonly<Record<string, DoorState>> = {
  locked: base,
  resting: { ...base, lock: { is: 'resting', untilMs: NOW + 100, next: { ...face, untilMs: NOW + 2_000 } } },
  unlocking: { ...base, lock: { ...pulse, sinceMs: NOW, confirmed: false } },
  unlocked: { ...base, lock: pulse },
  'unlocked+1': { ...base, lock: { ...pulse, next: { ...face, untilMs: NOW + 2_900 } } },
  open: { ...base, mode: 'open', lock: { is: 'held', sinceMs: NOW - 60_000, cause: 'command', confirmed: true } },
  lockdown: { ...base, mode: 'lockdown' },
  'lockdown+exit': { ...base, mode: 'lockdown', lock: exitPulse },
  jammed: { ...base, relay: 'will_not_release', disagreesSinceMs: NOW - 5_000 },
  dead: { ...base, relay: 'will_not_energise' },
  stopped: { ...base, lock: { is: 'stopped' } },
};

export const contactStates: Readonly<Record<string, DoorState>> = {
  unknown: { ...base, contact: { is: 'unknown' } },
  closed: base,
  open: { ...base, contact: { ...openDoor, held: 'no' } },
  warned: { ...base, contact: { ...openDoor, held: 'warning' } },
  alarmed: { ...base, contact: { ...openDoor, held: 'alarm' } },
};

type Input = (state: DoorState) => DoorInput;
const at = (input: DoorInput extends infer I ? (I extends unknown ? Omit<I, 'atMs'> : never) : never): Input => {
  return () => ({ ...input, atMs: NOW });
};

/** The inputs that are the rows of the tables. */
export const lockInputs: Readonly<Record<string, Input>> = {
  grant: at({ type: 'grant', ...face, decidedAtMs: NOW - 200 }),
  'grant, stale': at({ type: 'grant', ...face, decidedAtMs: NOW - 1_001 }),
  'hold open': at({ type: 'hold', cause: 'schedule', decidedAtMs: NOW }),
  'hold open, by face': at({ type: 'hold', ...face, decidedAtMs: NOW }),
  'exit button': at({ type: 'exit_button' }),
  lock: at({ type: 'lock', cause: 'command' }),
  'mode lockdown': at({ type: 'mode', mode: 'lockdown', by: 'command' }),
  'mode normal': at({ type: 'mode', mode: 'normal', by: 'command' }),
  'mode normal, by schedule': at({ type: 'mode', mode: 'normal', by: 'schedule' }),
  'door opens': at({ type: 'contact', open: true }),
  'time is up': (state) => ({ type: 'tick', atMs: deadlineMs(state, settings) ?? NOW }),
  'reads as told': (state) => ({ type: 'readback', energised: isEnergised(state), atMs: NOW }),
  'reads otherwise': (state) => ({ type: 'readback', energised: !isEnergised(state), atMs: NOW }),
  'reads otherwise, for 50 ms': (state) => ({ type: 'readback', energised: !isEnergised(state), atMs: NOW + 50 }),
  'relay fails to energise': at({ type: 'relay_fault', reason: 'EIO', energising: true }),
  'relay fails otherwise': at({ type: 'relay_fault', reason: 'EIO', energising: false }),
  tamper: at({ type: 'tamper', active: true }),
  stop: at({ type: 'stop' }),
};

export const contactInputs: Readonly<Record<string, Input>> = {
  'reads open': at({ type: 'contact', open: true }),
  'reads closed': at({ type: 'contact', open: false }),
  'warning time over': () => ({ type: 'tick', atMs: NOW + 15_000 }),
  'alarm time over': () => ({ type: 'tick', atMs: NOW + 35_000 }),
};

/** What the cell of a state and an input holds: the next state's name unless it is the same, the write, the events. */
export function lockCell(state: DoorState, input: Input, row: string): string {
  const event = input(state);
  // A line that has read otherwise for 50 ms has been seen to do so before.
  const before = row.endsWith('for 50 ms') && state.disagreesSinceMs === undefined ? { ...state, disagreesSinceMs: NOW } : state;
  const next = step(before, event, settings);
  return cell(lockName(state), lockName(next.state), next);
}

export function contactCell(state: DoorState, input: Input): string {
  const next = step(state, input(state), settings);
  return cell(contactName(state), contactName(next.state), next);
}

function cell(from: string, to: string, { relay, emit, refused }: Step): string {
  const happenings = emit.map((happening) => {
    const detail = 'cause' in happening ? happening.cause : 'level' in happening ? happening.level : undefined;
    return detail === undefined ? happening.type : `${happening.type}(${detail})`;
  });
  const parts = [to === from ? '' : `→ ${to}`, relay ?? '', ...happenings, refused ? `refused: ${refused}` : ''];
  return parts.filter((part) => part !== '').join(', ') || '-';
}

function lockName({ lock, mode, relay }: DoorState): string {
  if (lock.is === 'stopped') return 'stopped';
  if (relay === 'will_not_release') return 'jammed';
  if (relay === 'will_not_energise' && lock.is === 'locked') return mode === 'lockdown' ? 'lockdown, dead' : 'dead';
  if (lock.is === 'held') return lock.confirmed ? 'open' : 'opening';
  if (lock.is === 'resting') return 'resting';
  if (lock.is === 'locked') return mode === 'lockdown' ? 'lockdown' : 'locked';
  const name = lock.confirmed ? 'unlocked' : 'unlocking';
  return mode === 'lockdown' ? `lockdown+exit` : lock.next ? `${name}+1` : name;
}

function contactName({ contact }: DoorState): string {
  if (contact.is !== 'open' || contact.held === 'no') return contact.is;
  return contact.held === 'warning' ? 'warned' : 'alarmed';
}

/** The tables of a Markdown file, each as rows of cells, their headings first. */
export function tablesOf(path: URL): string[][][] {
  const blocks = readFileSync(path, 'utf8')
    .split('\n\n')
    .map((block) => block.trim())
    .filter((block) => block.startsWith('|'));
  return blocks.map((block) =>
    block
      .split('\n')
      .filter((line) => !/^\|[\s:|-]+\|$/.test(line))
      .map((line) =>
        line
          .slice(1, -1)
          .split('|')
          .map((text) => text.trim().replaceAll('`', '')),
      ),
  );
}
