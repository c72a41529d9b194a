import type { LineAddress } from './gpio-chips.js';
import { findGpiochipLine, type GpiochipParts } from './gpiochip.js';
import type { OnoffParts } from './onoff-gpio.js';
import { findSysfsLine } from './sysfs-lines.js';

export type GpioParts = GpiochipParts & OnoffParts;

interface Wire extends LineAddress {
  readonly adapter: 'auto' | 'gpiochip' | 'onoff';
}

/**
 * The way to a line. `auto` takes the character device where that has the line: it is what Linux keeps, its lines are nobody else's
 * while they are held, and a process of its own releases the relay when the daemon dies. sysfs where there is none, as on kernels before 5.10.
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND when neither has it
 */
export function adapterOf(wire: Wire, parts: GpioParts = {}): 'gpiochip' | 'onoff' {
  if (wire.adapter !== 'auto') return wire.adapter;
  try {
    findGpiochipLine(wire, parts);
    return 'gpiochip';
  } catch (error) {
    try {
      findSysfsLine(wire, parts.sysfsRoot);
    } catch {
      throw error;
    }
    return 'onoff';
  }
}
