import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../errors.js';
import { chooseChip, describeLine, type Chip, type LineAddress } from './gpio-chips.js';
import { GPIOCHIP_PROGRAM } from './gpiochip-program.js';

/** What the gpiochip adapters need besides the configuration; the real ones unless given. */
export interface GpiochipParts {
  /** Where the character devices stand. */
  readonly deviceFolder?: string;
  /** The program that holds a line, and its first arguments. */
  readonly program?: readonly [string, ...string[]];
}

/** A line of a chip, and the program that holds it. */
export interface GpiochipLine {
  readonly program: string;
  /** To be followed by the direction and what it needs. */
  readonly args: readonly string[];
}

interface Gpiochip extends Chip {
  readonly device: string;
}

/** Opening a device and asking it takes milliseconds. */
const TIMEOUT_MS = 10_000;

/** @throws FacelatchError GPIO_LINE_NOT_FOUND, which names the chips that are there, and why others could not be asked */
export function findGpiochipLine(address: LineAddress, parts: GpiochipParts = {}): GpiochipLine {
  const { deviceFolder = '/dev', program: [program, ...first] = ['perl', '-e', GPIOCHIP_PROGRAM] } = parts;
  const asked = devicesIn(deviceFolder).map((device) => ask(device, program, first));
  const chips = asked.filter((answer) => typeof answer !== 'string');
  const chip = chooseChip(chips, address);
  if (chip) return { program, args: [...first, chip.device, String(address.line)] };
  const problems = asked.filter((answer) => typeof answer === 'string');
  throw fault('GPIO_LINE_NOT_FOUND', {
    wanted: describeLine(address),
    root: deviceFolder,
    found: [...chips.map(({ label, lines }) => `"${label}" with ${lines} lines`), ...problems],
  });
}

function devicesIn(folder: string): string[] {
  try {
    const devices = readdirSync(folder).filter((name) => /^gpiochip[0-9]+$/.test(name));
    return devices.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** The chip behind a device, or why it cannot be asked. */
function ask(device: string, program: string, first: readonly string[]): Gpiochip | string {
  const { stdout, stderr, error } = spawnSync(program, [...first, device], { encoding: 'utf8', timeout: TIMEOUT_MS });
  const said = /^(.*)\t([0-9]+)\n$/.exec(stdout);
  if (said) return { device, label: said[1], lines: Number(said[2]) };
  return error?.message ?? `${device}: ${`${stdout}${stderr}`.trim()}`;
}
