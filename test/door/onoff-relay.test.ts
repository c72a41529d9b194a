import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultConfig } from '../../src/config.js';
import { openOnoffRelay } from '../../src/door/onoff-relay.js';
import { openRelay } from '../../src/door/open-relay.js';
import { SimulatedRelay } from '../../src/door/simulated-relay.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { FakeLine, fakeGpioClass, fakeSysfs } from '../fakes/fake-relay-gpio.js';

const sysfsRoot = fakeSysfs([{ label: 'pinctrl-bcm2711', base: 512, lines: 58 }]);
afterAll(() => rmSync(sysfsRoot, { recursive: true }));

const open = (line: FakeLine, activeLow: boolean) =>
  openOnoffRelay({ line: 17, activeLow }, { Gpio: fakeGpioClass(line), sysfsRoot });

describe.each([
  ['an active-high', false, { released: 0, energised: 1, direction: 'low' }],
  ['an active-low', true, { released: 1, energised: 0, direction: 'high' }],
] as const)('%s relay on a GPIO line', (_, activeLow, levels) => {
  it('is released from the first moment, energised and released by level, and released again before the line goes back', async () => {
    const line = new FakeLine();
    const relay = await open(line, activeLow);
    expect(relay.read()).toBe(false);
    relay.set(true);
    expect([relay.read(), line.level]).toEqual([true, levels.energised]);
    relay.set(false);
    expect([relay.read(), line.level]).toEqual([false, levels.released]);
    relay.set(true);
    relay.close();
    relay.close();
    expect(line.calls).toEqual([
      { call: 'export 529', level: 0 },
      { call: `direction ${levels.direction}`, level: levels.released },
      { call: `write ${levels.released}`, level: levels.released },
      { call: `write ${levels.energised}`, level: levels.energised },
      { call: `write ${levels.released}`, level: levels.released },
      { call: `write ${levels.energised}`, level: levels.energised },
      { call: `write ${levels.released}`, level: levels.released },
      { call: 'unexport', level: levels.released },
    ]);
  });

  it('takes over a line that a killed process left energised, and one that is left inverted', async () => {
    const line = new FakeLine();
    Object.assign(line, { level: levels.energised, direction: 'out', activeLow: true });
    const relay = await open(line, activeLow);
    expect(line.calls[1]).toEqual({ call: `direction ${levels.direction}`, level: levels.released });
    expect(relay.read()).toBe(false);
    relay.set(true);
    expect(line.level).toBe(levels.energised);
  });

  it('is refused when the released line reads energised, and the line is given back', async () => {
    const line = new FakeLine();
    line.shortedTo = levels.energised;
    await expect(open(line, activeLow)).rejects.toMatchObject({ code: 'RELAY_UNAVAILABLE', exitStatus: 7 });
    expect(line.exported).toBeUndefined();
  });
});

describe('a relay on a GPIO line', () => {
  it('is refused when the line cannot be set up, which onoff itself does not tell', async () => {
    const line = new FakeLine();
    line.frozen = true;
    await expect(open(line, false)).rejects.toThrow(/line 17 .*received: the line did not become an output/);
    Object.assign(line, { direction: 'out', activeLow: true });
    await expect(open(line, false)).rejects.toThrow(/active_low of the line could not be switched off/);
  });

  it('says what failed, at opening and later', async () => {
    const line = new FakeLine();
    line.failing = true;
    await expect(open(line, false)).rejects.toMatchObject({ code: 'RELAY_UNAVAILABLE', message: /EIO/ });
    line.failing = false;
    const relay = await open(line, false);
    line.failing = true;
    expect(() => relay.set(true)).toThrow(/expected to drive the relay on line 17 .*EIO/);
    expect(() => relay.read()).toThrow(/EIO/);
    expect(() => relay.close()).toThrow(/EIO/);
    expect(line.exported).toBeUndefined();
    expect(() => relay.close()).not.toThrow();
  });

  it('drives nothing once it was given back', async () => {
    const line = new FakeLine();
    const relay = await open(line, false);
    relay.close();
    const { length } = line.calls;
    expect(() => relay.set(true)).toThrow(/given back/);
    expect(line.calls).toHaveLength(length);
    expect(line.level).toBe(0);
  });

  it('needs a chip that is there', async () => {
    const parts = { Gpio: fakeGpioClass(new FakeLine()), sysfsRoot };
    await expect(openOnoffRelay({ line: 17, chipLabel: 'pinctrl-rp1', activeLow: false }, parts)).rejects.toMatchObject({
      code: 'GPIO_LINE_NOT_FOUND',
      message: /found "pinctrl-bcm2711" with 58 lines from 512/,
    });
  });
});

describe('the relay of a configuration', () => {
  it('is simulated unless it says otherwise', async () => {
    expect(await openRelay(defaultConfig().relay, new FakeClock())).toBeInstanceOf(SimulatedRelay);
  });

  it('is the GPIO line that it names, with its polarity', async () => {
    const line = new FakeLine();
    const config = { ...defaultConfig().relay, adapter: 'onoff', line: 22, activeLow: true } as const;
    await openRelay(config, new FakeClock(), { Gpio: fakeGpioClass(line), sysfsRoot });
    expect([line.exported, line.level]).toEqual([534, 1]);
  });

  it('really loads onoff, which then finds no such line on a machine without GPIO', async () => {
    const { loadGpio } = await import('../../src/door/onoff-gpio.js');
    const Gpio = await loadGpio().catch(() => undefined);
    if (!Gpio) {
      console.log('skipped: the optional package onoff is not installed');
      return;
    }
    expect(typeof Gpio).toBe('function');
    expect(() => new Gpio(999_999, 'low', 'none', { activeLow: false })).toThrow();
  });
});

describe('the simulated relay', () => {
  it('remembers what was written and when, and only so much of it', () => {
    const clock = new FakeClock();
    const relay = new SimulatedRelay(clock);
    expect(relay.read()).toBe(false);
    relay.set(true);
    clock.advance(3_000);
    relay.close();
    relay.close();
    expect(relay.writes).toEqual([
      { energised: true, atMs: 0 },
      { energised: false, atMs: 3_000 },
    ]);
    for (let count = 0; count < 2_000; count++) relay.set(false);
    expect(relay.writes).toHaveLength(1_000);
  });
});
