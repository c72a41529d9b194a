import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import { DebouncedInput, type DoorInputLine } from '../../src/door/door-input.js';
import { openOnoffInput } from '../../src/door/onoff-input.js';
import { createSimulatedInputs, openDoorInputs } from '../../src/door/open-door-inputs.js';
import { SimulatedInput } from '../../src/door/simulated-input.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeLine, fakeGpioClass, fakeSysfs } from '../fakes/fake-relay-gpio.js';

const sysfsRoot = fakeSysfs([{ label: 'pinctrl-rp1', base: 571, lines: 54 }]);
afterAll(() => rmSync(sysfsRoot, { recursive: true }));

function started(line: DoorInputLine, debounceMs: number) {
  const clock = new FakeClock();
  const told: string[] = [];
  const input = new DebouncedInput(line, clock, debounceMs);
  const first = input.start({ onChange: (active) => told.push(String(active)), onFault: (reason) => told.push(reason) });
  return { clock, told, input, first };
}

describe('an input without its bounces', () => {
  it('reports a change once it has stood for the debounce time, and a bounce not at all', () => {
    const line = new SimulatedInput();
    const { clock, told } = started(line, 50);
    line.set(true);
    clock.advance(20);
    line.set(false);
    clock.advance(100);
    expect(told).toEqual([]);
    line.set(true);
    clock.advance(49);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual(['true']);
  });

  it('reports a change within the debounce time however long the contact chatters', () => {
    const line = new SimulatedInput();
    const { clock, told } = started(line, 50);
    for (let count = 0; count < 100; count++) {
      line.set(count % 10 !== 9);
      clock.advance(7);
    }
    expect(told[0]).toBe('true');
  });

  it('reports at once without a debounce time', () => {
    const line = new SimulatedInput();
    const { told } = started(line, 0);
    line.set(true);
    line.set(false);
    expect(told).toEqual(['true', 'false']);
  });

  it('says the level that it starts with, and nothing more after it was closed', () => {
    const line = new SimulatedInput();
    line.set(true);
    const { clock, told, input, first } = started(line, 50);
    expect(first).toBe(true);
    line.set(false);
    input.close();
    input.close();
    clock.advance(1_000);
    expect(told).toEqual([]);
  });

  it('reports a line that cannot be read, and the level again once it can', () => {
    const line = new FakeLine();
    return openOnoffInput({ name: 'contact', line: 5, activeLow: false }, { Gpio: fakeGpioClass(line), sysfsRoot }).then(
      (onoff) => {
        const { clock, told } = started(onoff, 10);
        line.failing = true;
        line.drive(1);
        clock.advance(10);
        expect(told).toEqual([expect.stringMatching(/expected to read the contact input on line 5 .*EIO/)]);
        line.failing = false;
        line.drive(0);
        clock.advance(10);
        expect(told.slice(1)).toEqual(['false']);
      },
    );
  });
});

describe('an input on a GPIO line', () => {
  it.each([
    [false, 0, 1],
    [true, 1, 0],
  ] as const)('follows its level with activeLow %s, both edges, and gives the line back', async (activeLow, idle, active) => {
    const line = new FakeLine();
    line.level = idle;
    const onoff = await openOnoffInput({ name: 'tamper', line: 6, activeLow }, { Gpio: fakeGpioClass(line), sysfsRoot });
    const { clock, told, input, first } = started(onoff, 5);
    expect(first).toBe(false);
    line.drive(active);
    clock.advance(5);
    line.drive(idle);
    clock.advance(5);
    expect(told).toEqual(['true', 'false']);
    input.close();
    input.close();
    expect(line.calls.map(({ call }) => call)).toEqual(['export 577', 'direction in', 'edge both', 'unexport']);
    expect(line.watchers).toEqual([]);
    expect(() => onoff.read()).toThrow(/given back/);
  });

  it('is refused when the line stays an output, or cannot be had', async () => {
    const line = new FakeLine();
    Object.assign(line, { frozen: true, direction: 'out' });
    const parts = { Gpio: fakeGpioClass(line), sysfsRoot };
    const options = { name: 'exitButton', line: 6, activeLow: true };
    await expect(openOnoffInput(options, parts)).rejects.toMatchObject({
      code: 'DOOR_INPUT_UNAVAILABLE',
      message: /become an input/,
    });
    expect(line.exported).toBeUndefined();
    line.failing = true;
    await expect(openOnoffInput(options, parts)).rejects.toThrow(/exitButton input on line 6 .*EIO/);
  });
});

describe('the inputs of a configuration', () => {
  const clock = new FakeClock();
  const config = (text: string) => parseConfig(text, 'test').doorInputs;

  it('are none unless it names them', async () => {
    expect(await openDoorInputs(config(''), { clock, simulated: createSimulatedInputs() })).toEqual({});
  });

  it('are moved by hand when simulated', async () => {
    const simulated = createSimulatedInputs();
    const text = 'doorInputs: { contact: { adapter: simulated }, exitButton: { adapter: simulated } }';
    const inputs = await openDoorInputs(config(text), { clock, simulated });
    expect(Object.keys(inputs)).toEqual(['contact', 'exitButton']);
    const told: boolean[] = [];
    inputs.contact?.start({ onChange: (active) => told.push(active), onFault: () => undefined });
    simulated.contact.set(true);
    expect(told).toEqual([true]);
  });

  it('are GPIO lines with the polarity and debouncing of their kind', async () => {
    const line = new FakeLine();
    line.level = 1;
    const inputs = await openDoorInputs(config('doorInputs: { exitButton: { adapter: onoff, line: 5 } }'), {
      clock,
      simulated: createSimulatedInputs(),
      gpio: { Gpio: fakeGpioClass(line), sysfsRoot },
    });
    const told: boolean[] = [];
    expect(inputs.exitButton?.start({ onChange: (active) => told.push(active), onFault: () => undefined })).toBe(false);
    line.drive(0);
    clock.advance(29);
    expect(told).toEqual([]);
    clock.advance(1);
    expect(told).toEqual([true]);
  });

  it('are all given back when one of them cannot be had', async () => {
    const line = new FakeLine();
    const text = 'doorInputs: { contact: { adapter: onoff, line: 5 }, tamper: { adapter: onoff, line: 99 } }';
    const gpio = { Gpio: fakeGpioClass(line), sysfsRoot };
    await expect(openDoorInputs(config(text), { clock, simulated: createSimulatedInputs(), gpio })).rejects.toMatchObject({
      code: 'GPIO_LINE_NOT_FOUND',
    });
    expect(line.calls.at(-1)?.call).toBe('unexport');
  });

  it('may not share a line with each other or with the relay', () => {
    const relay = 'relay: { adapter: onoff, line: 17 }\n';
    expect(() => config(`${relay}doorInputs: { contact: { adapter: onoff, line: 17 } }`)).toThrow(
      /line 2: doorInputs\.contact\.line: expected a line of its own, not that of relay, received 17/,
    );
    expect(() => config('doorInputs: { contact: { adapter: onoff, line: 5 }, tamper: { adapter: onoff, line: 5 } }')).toThrow(
      /doorInputs\.tamper\.line: .* not that of contact/,
    );
    const apart =
      'doorInputs: { contact: { adapter: onoff, line: 5, chipLabel: a }, tamper: { adapter: onoff, line: 5, chipLabel: b } }';
    expect(() => config(apart)).not.toThrow();
  });

  it('may not raise the alarm before the warning', () => {
    expect(() => config('doorInputs: { heldOpenWarningMs: 50000 }')).toThrow(
      /heldOpenWarningMs: expected at most heldOpenAlarmMs/,
    );
  });
});
