import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../errors.js';
import { chooseChip, describeLine, type Chip, type LineAddress } from './gpio-chips.js';

/** Where Linux shows its GPIO chips to programs that number lines globally. */
export const SYSFS_GPIO = '/sys/class/gpio';

interface SysfsChip extends Chip {
  readonly base: number;
}

/**
 * The global number under which sysfs exports a line. Since Linux 6.6 chips are numbered from a base (512, 571, ...) that differs
 * from board to board, so the offset alone no longer names a line (raspberrypi/linux pull request 5638, issue 6084).
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND, which names the chips that are there
 */
export function findSysfsLine(address: LineAddress, root = SYSFS_GPIO): number {
  const chips = readChips(root);
  const chip = chooseChip(chips, address);
  if (chip) return chip.base + address.line;
  throw fault('GPIO_LINE_NOT_FOUND', {
    wanted: describeLine(address),
    root,
    found: chips.map(({ label, base, lines }) => `"${label}" with ${lines} lines from ${base}`),
  });
}

function readChips(root: string): SysfsChip[] {
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
function readChip(folder: string): SysfsChip | undefined {
  try {
    const text = (file: string) => readFileSync(join(folder, file), 'utf8').trim();
    const number = (file: string) => (/^[0-9]+$/.test(text(file)) ? Number(text(file)) : Number.NaN);
    const chip = { label: text('label'), base: number('base'), lines: number('ngpio') };
    return Number.isNaN(chip.base) || Number.isNaN(chip.lines) ? undefined : chip;
  } catch {
    return undefined;
  }
}
