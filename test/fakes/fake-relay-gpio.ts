import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gpio, GpioClass } from '../../src/door/onoff-gpio.js';

/** What a program did to a line, in order, with the physical level after it. */
export interface GpioCall {
  readonly call: string;
  readonly level: 0 | 1;
}

/**
 * One physical line as the kernel's sysfs shows it: `active_low` inverts `value`, and the directions `high` and `low` are physical
 * (drivers/gpio/gpiolib-sysfs.c). A line that was exported before keeps what `before` says.
 */
export class FakeLine {
  level: 0 | 1 = 0;
  direction = 'in';
  activeLow = false;
  exported: number | undefined;
  /** Like a line without permission: onoff swallows that when the line was exported before. */
  frozen = false;
  failing = false;
  /** Says this level whatever is written. */
  shortedTo: 0 | 1 | undefined;
  readonly calls: GpioCall[] = [];
  readonly watchers: ((error: Error | null, level: 0 | 1) => void)[] = [];

  note(call: string): void {
    this.calls.push({ call, level: this.level });
  }

  /** The outside world moves an input. */
  drive(level: 0 | 1): void {
    this.level = level;
    this.watchers.slice().forEach((watcher) => {
      watcher(null, level);
    });
  }
}

/** A class like onoff's `Gpio` whose every instance is on this one line. */
export function fakeGpioClass(line: FakeLine): GpioClass {
  const check = (): void => {
    if (line.failing) throw new Error('EIO: i/o error');
  };
  const read = (): 0 | 1 => {
    const level = line.shortedTo ?? line.level;
    return line.activeLow ? (level === 1 ? 0 : 1) : level;
  };
  return class implements Gpio {
    constructor(globalLine: number, direction: 'in' | 'high' | 'low', edge: 'none' | 'both', options: { activeLow: boolean }) {
      check();
      line.exported = globalLine;
      line.note(`export ${globalLine}`);
      if (line.frozen) return;
      line.activeLow = options.activeLow;
      if (direction !== 'in') line.level = direction === 'high' ? 1 : 0;
      line.direction = direction === 'in' ? 'in' : 'out';
      line.note(`direction ${direction}`);
      if (edge !== 'none') line.note(`edge ${edge}`);
    }

    readSync(): 0 | 1 {
      check();
      return read();
    }

    writeSync(level: 0 | 1): void {
      check();
      line.level = line.activeLow ? (level === 1 ? 0 : 1) : level;
      line.note(`write ${level}`);
    }

    direction(): string {
      return line.direction;
    }

    activeLow(): boolean {
      return line.activeLow;
    }

    watch(watcher: (error: Error | null, level: 0 | 1) => void): void {
      line.watchers.push(watcher);
    }

    unwatchAll(): void {
      line.watchers.length = 0;
    }

    unexport(): void {
      line.exported = undefined;
      line.note('unexport');
    }
  };
}

export interface FakeChip {
  readonly label: string;
  readonly base: number;
  readonly lines: number;
}

/** A folder like /sys/class/gpio with these chips. */
export function fakeSysfs(chips: readonly FakeChip[]): string {
  const root = mkdtempSync(join(tmpdir(), 'facelatch-sysfs-'));
  for (const { label, base, lines } of chips) {
    const folder = join(root, `gpiochip${base}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'label'), `${label}\n`);
    writeFileSync(join(folder, 'base'), `${base}\n`);
    writeFileSync(join(folder, 'ngpio'), `${lines}\n`);
  }
  writeFileSync(join(root, 'export'), '');
  writeFileSync(join(root, 'unexport'), '');
  return root;
}
