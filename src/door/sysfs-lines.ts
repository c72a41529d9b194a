import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../errors.js';

/** Where Linux shows its GPIO chips to programs that number lines globally. */
export const SYSFS_GPIO = '/sys/class/gpio';

/**
 * The chips that carry the header of a Raspberry Pi (1 to 3 and Zero; 4; 5) and of a Jetson (Orin; Xavier; Nano and TX).
 * A Pi 5 has four other chips, on which a wrong line would switch the board's own power or its radio.
 */
const HEADER_CHIPS = [
  'pinctrl-bcm2835',
  'pinctrl-bcm2711',
  'pinctrl-rp1',
  'tegra234-gpio',
  'tegra194-gpio',
  'tegra-gpio',
] as const;

export interface LineAddress {
  /** The line's offset on its chip (BCM number on a Pi). */
  readonly line: number;
  /** The chip's label; the header's chip, or the only chip, unless given. */
  readonly chipLabel?: string | undefined;
}

interface Chip {
  readonly label: string;
  readonly base: number;
  readonly lines: number;
}

/**
 * The global number under which sysfs exports a line. Since Linux 6.6 chips are numbered from a base (512, 571, ...) that differs
 * from board to board, so the offset alone no longer names a line (raspberrypi/linux pull request 5638, issue 6084).
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND, which names the chips that are there
 */
export function findSysfsLine(address: LineAddress, root = SYSFS_GPIO): number {
  const chips = readChips(root);
  const chip = choose(chips, address.chipLabel);
  if (chip && address.line < chip.lines) return chip.base + address.line;
  throw fault('GPIO_LINE_NOT_FOUND', {
    wanted: describeLine(address),
    root,
    found: chips.map(({ label, base, lines }) => `"${label}" with ${lines} lines from ${base}`),
  });
}

/** The line in words, for errors. */
export function describeLine({ line, chipLabel }: LineAddress): string {
  if (chipLabel !== undefined) return `line ${line} of exactly one GPIO chip labelled "${chipLabel}"`;
  return `line ${line} of a GPIO chip that needs no chipLabel (the board's header, or the only one)`;
}

function choose(chips: readonly Chip[], label: string | undefined): Chip | undefined {
  const header: readonly string[] = HEADER_CHIPS;
  const candidates =
    label !== undefined
      ? chips.filter((chip) => chip.label === label)
      : chips.length === 1
        ? chips
        : chips.filter((chip) => header.includes(chip.label));
  // Of two that fit, neither: a guess could energise something else.
  return candidates.length === 1 ? candidates[0] : undefined;
}

function readChips(root: string): Chip[] {
  let entries: string[];
  try {
    entries = readdirSync(root);
  } catch {
    return [];
  }
  const chips = entries.filter((entry) => /^gpiochip[0-9]+$/.test(entry)).map((entry) => readChip(join(root, entry)));
  return chips.filter((chip) => chip !== undefined).sort((a, b) => a.base - b.base);
}

/** A chip that cannot be read is not there. */
function readChip(folder: string): Chip | undefined {
  try {
    const text = (file: string) => readFileSync(join(folder, file), 'utf8').trim();
    const number = (file: string) => (/^[0-9]+$/.test(text(file)) ? Number(text(file)) : Number.NaN);
    const chip = { label: text('label'), base: number('base'), lines: number('ngpio') };
    return Number.isNaN(chip.base) || Number.isNaN(chip.lines) ? undefined : chip;
  } catch {
    return undefined;
  }
}
