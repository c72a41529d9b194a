import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeGrant, type Grant } from '../../src/access/grant.js';
import { defaultConfig, parseConfig } from '../../src/config.js';
import { DebouncedInput } from '../../src/door/door-input.js';
import { createDoor, doorSettings } from '../../src/door/door.js';
import type { DoorSettings } from '../../src/door/door-state.js';
import { createSimulatedInputs } from '../../src/door/open-door-inputs.js';
import type { Happening } from '../../src/events.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeRelay } from '../fakes/fake-relay.js';
import { settings } from './door-settings.js';

const YEAR_MS = 365 * 86_400_000;
const kian = { id: 'p1', name: 'Kian' };

function fixture(changes: Partial<DoorSettings> = {}, listen: (happening: Happening) => void = () => undefined) {
  const clock = new FakeClock();
  const relay = new FakeRelay(clock);
  const hands = createSimulatedInputs();
  const inputs = {
    contact: new DebouncedInput(hands.contact, clock, 0),
    exitButton: new DebouncedInput(hands.exitButton, clock, 0),
    tamper: new DebouncedInput(hands.tamper, clock, 0),
  };
  const events: Happening[] = [];
  const emit = (happening: Happening): void => {
    events.push(happening);
    listen(happening);
  };
  const door = createDoor({ relay, inputs, clock, emit, settings: { ...settings, ...changes } });
  const grant = (fields: Partial<Pick<Grant, 'cause' | 'decidedAtMs'>> = {}) =>
    makeGrant({ cause: 'face', person: kian, decidedAtMs: clock.monotonicMs(), ...fields });
  const types = () => events.map(({ type }) => type);
  return { clock, relay, hands, events, types, door, grant };
}

function started(changes: Partial<DoorSettings> = {}, listen?: (happening: Happening) => void) {
  const parts = fixture(changes, listen);
  parts.door.start();
  parts.clock.advance(1_000);
  return parts;
}

describe('a door', () => {
  it('does nothing before it starts, and releases the relay when it does', () => {
    const { door, relay, clock, grant, hands, events } = fixture();
    expect(door.grant(grant())).toEqual({ done: false, refused: 'not_started' });
    hands.exitButton.set(true);
    clock.advance(10_000);
    expect([relay.writes, events]).toEqual([[], []]);
    hands.exitButton.set(false);
    relay.set(true);
    door.start();
    door.start();
    expect(relay.line).toBe(false);
    expect(door.state()).toEqual({ lock: 'LOCKED', contact: 'closed', mode: 'normal' });
  });

  it('opens for a grant for the length of a pulse', () => {
    const { door, relay, clock, grant, events } = started();
    expect(door.grant(grant())).toEqual({ done: true });
    expect([relay.line, door.state().lock]).toEqual([true, 'UNLOCKED']);
    clock.advance(2_999);
    expect(relay.line).toBe(true);
    clock.advance(1);
    expect([relay.line, door.state().lock]).toEqual([false, 'LOCKED']);
    expect(events).toEqual([
      { type: 'unlocked', cause: 'face', person: kian, pulseMs: 3_000 },
      { type: 'locked', cause: 'timeout', durationMs: 3_000 },
    ]);
  });

  it('takes a grant once, and not late', () => {
    const { door, relay, clock, grant } = started();
    const first = grant();
    expect(door.grant(first)).toEqual({ done: true });
    clock.advance(3_500);
    expect(door.grant(first)).toEqual({ done: false, refused: 'spent' });
    const late = grant();
    clock.advance(1_001);
    expect(door.grant(late)).toEqual({ done: false, refused: 'stale' });
    expect(relay.line).toBe(false);
  });

  it('does not notice a wall clock that jumps by years either way', () => {
    const { door, relay, clock, grant, hands, types } = started();
    const before = grant();
    clock.jumpWallTime(-30 * YEAR_MS);
    expect(door.grant(before)).toEqual({ done: true });
    clock.jumpWallTime(60 * YEAR_MS);
    clock.advance(2_999);
    expect(relay.line).toBe(true);
    clock.jumpWallTime(-60 * YEAR_MS);
    clock.advance(1);
    expect(relay.line).toBe(false);
    hands.contact.set(true);
    clock.jumpWallTime(60 * YEAR_MS);
    clock.advance(19_999);
    expect(types()).not.toContain('held_open');
    clock.advance(1);
    expect(types()).toContain('held_open');
  });

  it('locks when the door opens, for a command, and at lockdown', () => {
    for (const act of ['open', 'lock', 'lockdown'] as const) {
      const { door, relay, clock, grant, hands, events } = started();
      door.grant(grant());
      clock.advance(500);
      if (act === 'open') hands.contact.set(true);
      else if (act === 'lock') door.lock('command');
      else expect(door.setMode('lockdown', 'command')).toEqual({ done: true });
      expect(relay.line).toBe(false);
      expect(events).toContainEqual({ type: 'locked', cause: act === 'open' ? 'opened' : 'command', durationMs: 500 });
    }
  });

  it('is held released in mode open, for a grant of a schedule or a command only, until the mode ends', () => {
    const { door, relay, clock, grant, events } = started();
    expect(door.holdOpen(grant())).toEqual({ done: false, refused: 'cause' });
    expect(door.holdOpen(grant({ cause: 'schedule' }))).toEqual({ done: true });
    clock.advance(600_000);
    expect(relay.line).toBe(true);
    expect(door.state()).toEqual({ lock: 'UNLOCKED', contact: 'closed', mode: 'open' });
    expect(door.grant(grant())).toEqual({ done: true });
    door.setMode('normal', 'schedule');
    expect([relay.line, door.state().mode]).toEqual([false, 'normal']);
    expect(events).toEqual([
      { type: 'unlocked', cause: 'schedule', person: kian },
      { type: 'locked', cause: 'schedule', durationMs: 600_000 },
    ]);
  });

  it('refuses every grant in lockdown, and says so when a schedule would lift it', () => {
    const { door, relay, clock, grant, events } = started();
    door.setMode('lockdown', 'command');
    for (const cause of ['face', 'command', 'exit_button', 'schedule'] as const) {
      expect(door.grant(grant({ cause }))).toEqual({ done: false, refused: 'lockdown' });
      expect(door.holdOpen(grant({ cause }))).toEqual({ done: false, refused: 'lockdown' });
    }
    expect(door.setMode('normal', 'schedule')).toEqual({ done: false, refused: 'lockdown' });
    expect(relay.writes.some(({ energised }) => energised)).toBe(false);
    door.setMode('normal', 'command');
    clock.advance(500);
    expect(door.grant(grant())).toEqual({ done: true });
    expect(events.slice(0, 2)).toEqual([
      { type: 'lockdown', active: true },
      { type: 'lockdown', active: false },
    ]);
  });
});

describe('the inputs of a door', () => {
  it('tell of exit, opening, closing, standing open, forcing and tampering', () => {
    const { clock, hands, events, relay } = started();
    hands.exitButton.set(true);
    hands.exitButton.set(false);
    expect(relay.line).toBe(true);
    hands.contact.set(true);
    clock.advance(50_000);
    hands.contact.set(false);
    clock.advance(10_000);
    hands.contact.set(true);
    hands.tamper.set(true);
    hands.tamper.set(false);
    expect(events).toEqual([
      { type: 'exit_button' },
      { type: 'unlocked', cause: 'exit_button', pulseMs: 3_000 },
      { type: 'opened' },
      { type: 'locked', cause: 'opened', durationMs: 0 },
      { type: 'held_open', level: 'warning', durationMs: 20_000 },
      { type: 'held_open', level: 'alarm', durationMs: 40_000 },
      { type: 'closed', durationMs: 50_000 },
      { type: 'opened' },
      { type: 'forced_open' },
      { type: 'tamper', active: true },
      { type: 'tamper', active: false },
    ]);
  });

  it('are taken as they are at start: an open door, a button that is held, a loop that is cut', () => {
    const { door, hands, types, relay } = fixture();
    hands.contact.set(true);
    hands.exitButton.set(true);
    hands.tamper.set(true);
    door.start();
    expect(door.state().contact).toBe('open');
    expect(types()).toEqual(['tamper']);
    expect(relay.line).toBe(false);
  });

  it('are unknown where none is fitted', () => {
    const clock = new FakeClock();
    const relay = new FakeRelay(clock);
    const door = createDoor({ relay, inputs: {}, clock, emit: () => undefined, settings });
    door.start();
    clock.advance(1_000);
    expect(door.state().contact).toBe('unknown');
    door.grant(makeGrant({ cause: 'command', decidedAtMs: clock.monotonicMs() }));
    clock.advance(3_000);
    expect(relay.writes.map(({ energised }) => energised)).toEqual([false, true, false]);
    door.stop();
  });

  it('that cannot be read count as open and tampered with, and press no button', () => {
    const { door, hands, types, relay, events } = started();
    for (const hand of [hands.contact, hands.exitButton, hands.tamper]) {
      hand.read = () => {
        throw new Error('EIO');
      };
    }
    hands.contact.set(true);
    hands.exitButton.set(true);
    hands.tamper.set(true);
    expect(events[0]).toEqual({ type: 'input_fault', input: 'contact', reason: 'EIO' });
    expect(types()).toEqual(['input_fault', 'opened', 'forced_open', 'input_fault', 'input_fault', 'tamper']);
    expect([door.state().contact, relay.line]).toEqual(['open', false]);
  });
});

describe('a relay that fails', () => {
  it('to energise opens nothing: the fault is told, the release tried, the grant refused, and the next one taken', () => {
    const { door, relay, clock, grant, events } = started();
    relay.failSet = 'energise';
    expect(door.grant(grant())).toEqual({ done: false, refused: 'relay_fault' });
    expect(events).toEqual([{ type: 'relay_fault', reason: 'EIO: i/o error, write' }]);
    expect(relay.writes.at(-1)).toEqual({ energised: false, atMs: 1_000 });
    expect([door.state().lock, door.isSound()]).toEqual(['JAMMED', true]);
    relay.failSet = 'never';
    clock.advance(5_000);
    expect(door.grant(grant())).toEqual({ done: true });
    expect(events.slice(1).map(({ type }) => type)).toEqual(['relay_ok', 'unlocked']);
    expect(door.state().lock).toBe('UNLOCKED');
  });

  it('to release is told once and written again at every check, until it is released', () => {
    const { door, relay, clock, grant, events, types } = started();
    door.grant(grant());
    relay.failSet = 'release';
    clock.advance(60_000);
    expect(types()).toEqual(['unlocked', 'locked', 'relay_fault']);
    expect(events.at(-1)).toEqual({ type: 'relay_fault', reason: 'EIO: i/o error, write' });
    expect([relay.line, door.state().lock, door.isSound()]).toEqual([true, 'JAMMED', false]);
    expect(door.grant(grant())).toEqual({ done: false, refused: 'relay_fault' });
    relay.failSet = 'never';
    clock.advance(1_000);
    expect(relay.line).toBe(false);
    clock.advance(1_000);
    expect(types().at(-1)).toBe('relay_ok');
    expect([door.state().lock, door.isSound()]).toEqual(['LOCKED', true]);
  });

  it('to be read is released and told; nothing is thrown, whatever is asked of the door', () => {
    const { door, relay, clock, grant, hands, types } = started();
    door.grant(grant());
    Object.assign(relay, { failRead: true, failSet: 'always' });
    hands.contact.set(true);
    door.lock('command');
    door.setMode('lockdown', 'command');
    door.setMode('normal', 'command');
    expect(door.holdOpen(grant({ cause: 'command' }))).toEqual({ done: false, refused: 'relay_fault' });
    hands.exitButton.set(true);
    clock.advance(10_000);
    door.releaseNow();
    expect(types().filter((type) => type === 'relay_fault')).toHaveLength(1);
    Object.assign(relay, { failRead: false, failSet: 'never' });
    clock.advance(2_000);
    expect([relay.line, types().at(-1)]).toEqual([false, 'relay_ok']);
  });

  it('in mode open ends the mode', () => {
    const { door, relay, clock, grant } = started();
    door.holdOpen(grant({ cause: 'command' }));
    clock.advance(60_000);
    relay.failRead = true;
    clock.advance(1_000);
    expect([relay.line, door.state().mode]).toEqual([false, 'normal']);
  });
});

describe('a line that reads other than it was told', () => {
  it('energised, and reads released: jammed after 50 ms, no unlocked is told, and the relay is released', () => {
    const { door, relay, clock, grant, types } = started();
    relay.readsAlways = false;
    expect(door.grant(grant())).toEqual({ done: true });
    clock.advance(49);
    expect(types()).toEqual([]);
    clock.advance(1);
    expect(types()).toEqual(['jammed']);
    expect([relay.line, door.state().lock]).toEqual([false, 'JAMMED']);
  });

  it('released, and reads energised (somebody else switched it, or it is welded): released again, then jammed', () => {
    const { door, relay, clock, grant, types } = started();
    relay.set(true);
    clock.advance(1_000);
    expect([relay.line, types()]).toEqual([false, []]);

    relay.stuckAt = true;
    clock.advance(1_050);
    expect(types()).toEqual(['jammed']);
    expect(door.isSound()).toBe(false);
    expect(door.grant(grant())).toEqual({ done: false, refused: 'relay_fault' });
    const { length } = relay.writes;
    clock.advance(10_000);
    expect(relay.writes.slice(length).map(({ energised }) => energised)).toEqual(Array<boolean>(10).fill(false));
    relay.stuckAt = undefined;
    clock.advance(1_000);
    expect(types()).toEqual(['jammed', 'relay_ok']);
  });

  it('for less than 50 ms is nothing', () => {
    const { door, relay, clock, grant, types } = started();
    relay.readsAlways = false;
    door.grant(grant());
    clock.advance(30);
    relay.readsAlways = undefined;
    clock.advance(20);
    expect([relay.line, types()]).toEqual([true, ['unlocked']]);
  });
});

describe('the end of a door', () => {
  it('stop releases, tells, ignores everything after, and is safe to call twice', () => {
    const { door, relay, clock, grant, hands, events } = started();
    door.grant(grant());
    clock.advance(1_000);
    door.stop();
    const { length } = relay.writes;
    door.stop();
    expect(events.at(-1)).toEqual({ type: 'locked', cause: 'stop', durationMs: 1_000 });
    relay.close();
    hands.exitButton.set(true);
    expect(door.grant(grant())).toEqual({ done: false, refused: 'stopped' });
    expect(door.setMode('normal', 'command')).toEqual({ done: false, refused: 'stopped' });
    door.lock('command');
    door.start();
    clock.advance(60_000);
    expect(relay.line).toBe(false);
    expect(relay.writes).toHaveLength(length);
    expect(events.at(-1)?.type).toBe('locked');
  });

  it('stop before start leaves it released for good', () => {
    const { door, relay, grant } = fixture();
    relay.set(true);
    door.stop();
    door.start();
    expect(relay.line).toBe(false);
    expect(door.grant(grant())).toEqual({ done: false, refused: 'stopped' });
  });

  it('stop tells of a relay that does not release, without waiting for it', () => {
    const { door, relay, grant, types } = started();
    door.grant(grant());
    relay.stuckAt = true;
    door.stop();
    expect(types()).toEqual(['unlocked', 'locked', 'jammed']);
  });

  it('releaseNow releases at once, in any state, though nobody listens any more', () => {
    const parts = started({}, (happening) => {
      if (happening.type === 'locked') throw new Error('the listener is gone');
    });
    const { door, relay, clock, grant } = parts;
    door.grant(grant());
    door.releaseNow();
    expect([relay.line, door.state().lock]).toEqual([false, 'LOCKED']);
    door.holdOpen(grant({ cause: 'command' }));
    door.releaseNow();
    expect([relay.line, door.state().mode]).toEqual([false, 'normal']);
    clock.advance(60_000);
    expect(relay.line).toBe(false);
    door.stop();
    door.releaseNow();
  });

  it('stop goes through though an input cannot be given back', () => {
    const { door, relay, hands, events } = started();
    hands.exitButton.close = () => {
      throw new Error('EBUSY');
    };
    door.stop();
    expect(events).toEqual([{ type: 'input_fault', input: 'exit_button', reason: 'EBUSY' }]);
    expect(relay.line).toBe(false);
  });

  it('a defect in the midst of a turn releases before it is thrown', () => {
    const { door, relay, clock, grant } = started();
    clock.after = () => {
      throw new Error('no timers left');
    };
    expect(() => door.grant(grant())).toThrow('no timers left');
    expect(relay.line).toBe(false);
  });

  it('a listener that throws does not keep the lock open', () => {
    const { door, relay, clock, grant } = started({}, (happening) => {
      if (happening.type === 'unlocked') throw new Error('a defect elsewhere');
    });
    expect(() => door.grant(grant())).toThrow('a defect elsewhere');
    clock.advance(3_000);
    expect(relay.line).toBe(false);
  });
});

describe('listening to a door', () => {
  it('keeps the order of events though a listener moves the door', () => {
    const order: string[] = [];
    const parts = started({}, ({ type }) => {
      order.push(type);
      if (type === 'exit_button') parts.door.lock('command');
    });
    parts.hands.exitButton.set(true);
    expect(order).toEqual(['exit_button', 'unlocked', 'locked']);
    expect(parts.relay.line).toBe(false);
  });

  it('finds it unsound when its timers do not come', () => {
    const { door, clock, relay } = started();
    expect(door.isSound()).toBe(true);
    const after = clock.after.bind(clock);
    clock.after = () => ({ cancel: () => undefined });
    door.lock('command');
    clock.after = after;
    clock.advance(2_001);
    expect(door.isSound()).toBe(false);
    expect(relay.line).toBe(false);
  });
});

describe('over 500 random sequences at a door whose relay fails now and then', () => {
  const act = fc.constantFrom<readonly string[]>(
    ...['grant', 'grant', 'grant', 'hold', 'exit', 'open', 'close', 'lock', 'lockdown', 'normal', 'release', 'jump'].map(
      (name) => [name],
    ),
    ['failSet', 'always'],
    ['failSet', 'release'],
    ['failSet', 'energise'],
    ['failRead'],
    ['mend'],
    ['mend'],
  );
  const sequence = fc.array(fc.tuple(act, fc.oneof(fc.nat(100), fc.nat(5_000), fc.nat(60_000))), { maxLength: 40 });

  it('nothing is thrown, no pulse is longer than a pulse on a relay that works, and after stop it is released', () => {
    const property = fc.property(sequence, (steps) => {
      const { door, relay, clock, hands, grant } = started();
      let worked = true;
      const longest = { sinceMs: 0, on: false };
      for (const [[name, how], ms] of steps) {
        if (name === 'grant') door.grant(grant());
        else if (name === 'hold') door.holdOpen(grant({ cause: 'command' }));
        else if (name === 'exit') [true, false].forEach((pressed) => hands.exitButton.set(pressed));
        else if (name === 'open' || name === 'close') hands.contact.set(name === 'open');
        else if (name === 'lock') door.lock('command');
        else if (name === 'lockdown' || name === 'normal') door.setMode(name, 'command');
        else if (name === 'release') door.releaseNow();
        else if (name === 'jump') clock.jumpWallTime(ms % 2 === 0 ? YEAR_MS : -YEAR_MS);
        else if (name === 'mend') Object.assign(relay, { failSet: 'never', failRead: false });
        else {
          Object.assign(relay, name === 'failRead' ? { failRead: true } : { failSet: how });
          worked = false;
        }
        // A second after it was mended, all is as if it had always worked.
        if (name === 'mend') {
          clock.advance(2_100);
          worked = true;
          longest.on = false;
        }
        for (let restMs = ms; restMs > 0; restMs -= 100) {
          if (relay.line && !longest.on) longest.sinceMs = clock.monotonicMs();
          longest.on = relay.line;
          if (longest.on && worked && door.state().mode !== 'open') {
            expect(clock.monotonicMs() - longest.sinceMs).toBeLessThanOrEqual(settings.pulseMs);
          }
          if (door.state().mode === 'open') longest.on = false;
          clock.advance(Math.min(100, restMs));
        }
      }
      Object.assign(relay, { failSet: 'never', failRead: false });
      door.stop();
      clock.advance(60_000);
      expect(relay.line).toBe(false);
    });
    fc.assert(property, { seed: 20_260_105, numRuns: 500 });
  });
});

describe('the settings of a door', () => {
  it('come from the sections relay and doorInputs', () => {
    expect(doorSettings(defaultConfig())).toEqual(settings);
    const config = parseConfig(
      'relay: { adapter: simulated, pulseMs: 500 }\ndoorInputs: { exitButtonInLockdown: false }',
      'test',
    );
    expect(doorSettings(config)).toEqual({ ...settings, pulseMs: 500, exitButtonInLockdown: false });
  });
});
