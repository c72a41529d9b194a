import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { findSysfsLine } from '../../src/door/sysfs-lines.js';
import { FacelatchError } from '../../src/errors.js';
import { fakeSysfs, type FakeChip } from '../fakes/fake-relay-gpio.js';

const roots: string[] = [];
const sysfs = (...chips: FakeChip[]): string => {
  const root = fakeSysfs(chips);
  roots.push(root);
  return root;
};
afterEach(() => roots.splice(0).forEach((root) => rmSync(root, { recursive: true })));

const pi3 = { label: 'pinctrl-bcm2835', base: 0, lines: 54 };
const pi4 = { label: 'pinctrl-bcm2711', base: 512, lines: 58 };
const pi4Firmware = { label: 'raspberrypi-exp-gpio', base: 570, lines: 8 };
const pi5 = { label: 'pinctrl-rp1', base: 571, lines: 54 };
const pi5Others = [
  { label: 'gpio-brcmstb@107d508500', base: 512, lines: 32 },
  { label: 'gpio-brcmstb@107d508520', base: 544, lines: 4 },
  { label: 'gpio-brcmstb@107d517c00', base: 548, lines: 17 },
  { label: 'gpio-brcmstb@107d517c20', base: 565, lines: 6 },
];
const orin = { label: 'tegra234-gpio', base: 348, lines: 164 };
const orinAlwaysOn = { label: 'tegra234-gpio-aon', base: 316, lines: 32 };

describe('a line by chip and offset', () => {
  it.each([
    ['a Pi 3 before Linux 6.6, based at 0', [pi3], 17],
    ['a Pi 4 with its firmware expander, based at 512', [pi4, pi4Firmware], 529],
    ['a Pi 5, whose header is the last of five chips, based at 571', [...pi5Others, pi5], 588],
    ['a Jetson Orin with its always-on chip below', [orinAlwaysOn, orin], 365],
    ['any board with a single chip', [{ label: '9030000.pl061', base: 504, lines: 64 }], 521],
  ])('is found without a label on %s', (_, chips, expected) => {
    expect(findSysfsLine({ line: 17 }, sysfs(...chips))).toBe(expected);
  });

  it('is found by label where the label is another than the usual one', () => {
    expect(findSysfsLine({ line: 3, chipLabel: 'tegra234-gpio-aon' }, sysfs(orinAlwaysOn, orin))).toBe(319);
  });

  it('is refused with the names of the chips that are there', () => {
    const root = sysfs(...pi5Others, pi5);
    expect(() => findSysfsLine({ line: 17, chipLabel: 'pinctrl-bcm2711' }, root)).toThrow(FacelatchError);
    expect(() => findSysfsLine({ line: 17, chipLabel: 'pinctrl-bcm2711' }, root)).toThrow(
      /^expected line 17 of exactly one GPIO chip labelled "pinctrl-bcm2711" under .*, found .*"pinctrl-rp1" with 54 lines from 571$/,
    );
  });

  it('is refused past the end of its chip, which would be a line of the next one', () => {
    expect(findSysfsLine({ line: 57 }, sysfs(pi4, pi4Firmware))).toBe(569);
    expect(() => findSysfsLine({ line: 58 }, sysfs(pi4, pi4Firmware))).toThrow(/expected line 58 .* with 58 lines from 512/);
  });

  it('is not guessed among chips that nobody knows, nor among two of the same label', () => {
    const expander = { label: 'mcp23017', base: 600, lines: 16 };
    expect(() => findSysfsLine({ line: 1 }, sysfs(expander, { ...expander, label: 'pcf8574', base: 700 }))).toThrow(
      /mcp23017.*pcf8574/,
    );
    const twins = sysfs(expander, { ...expander, base: 616 });
    expect(() => findSysfsLine({ line: 1, chipLabel: 'mcp23017' }, twins)).toThrow(/exactly one/);
  });

  it('is refused where there is no sysfs GPIO at all', () => {
    expect(() => findSysfsLine({ line: 1 }, '/nowhere')).toThrow(/under \/nowhere, found no GPIO chip$/);
  });

  it('does not stumble over a chip whose files are missing or make no sense', () => {
    const root = sysfs(pi4);
    mkdirSync(join(root, 'gpiochip900'));
    mkdirSync(join(root, 'gpiochip901'));
    for (const [file, text] of Object.entries({ label: 'pinctrl-rp1', base: '-1', ngpio: 'many' })) {
      writeFileSync(join(root, 'gpiochip901', file), text);
    }
    expect(findSysfsLine({ line: 17 }, root)).toBe(529);
  });
});
