import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { adapterOf } from '../../src/door/gpio-adapter.js';
import { openGpiochipInput } from '../../src/door/gpiochip-input.js';
import { GPIOCHIP_PROGRAM } from '../../src/door/gpiochip-program.js';
import { LineHolder } from '../../src/door/line-holder.js';
import { openGpiochipRelay } from '../../src/door/gpiochip-relay.js';
import { findGpiochipLine } from '../../src/door/gpiochip.js';
import { openRelay } from '../../src/door/open-relay.js';
import { defaultConfig } from '../../src/config.js';
import { FakeGpiochips } from '../fakes/fake-gpiochip.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { fakeSysfs } from '../fakes/fake-relay-gpio.js';
import { root } from '../support/photographs.js';
import { installed } from '../support/programs.js';

const until = async (met: () => boolean): Promise<void> => {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 10));
};

describe.skipIf(!installed('perl', 'mkfifo'))('the GPIO character device', () => {
  let chips: FakeGpiochips;
  beforeEach(() => {
    chips = new FakeGpiochips([
      { label: 'pinctrl-rp1', lines: 54 },
      { label: 'gpio-brcmstb@107d508500', lines: 32 },
    ]);
  });
  afterEach(() => rmSync(chips.deviceFolder, { recursive: true }));

  const open = (activeLow = false) => openGpiochipRelay({ line: 17, activeLow, checkMs: 1_000 }, chips.parts);

  describe.each([
    ['active-high', false, '0', '1'],
    ['active-low', true, '1', '0'],
  ])('with an %s relay', (_, activeLow, released, energised) => {
    it('is released from the first moment, energised and released by level, and released again before the line goes back', () => {
      const relay = open(activeLow);
      expect([relay.read(), chips.level(17)]).toEqual([false, released]);
      relay.set(true);
      expect([relay.read(), chips.level(17)]).toEqual([true, energised]);
      relay.close();
      relay.close();
      expect(chips.written(17)).toBe(`${released}${released}${energised}${released}`);
      expect(() => relay.set(true)).toThrow(/given back/);
      expect(chips.level(17)).toBe(released);
    });

    it('is released when the daemon is killed', async () => {
      const script = `
        const { openGpiochipRelay } = await import('file://${join(root, 'dist/src/door/gpiochip-relay.js')}');
        openGpiochipRelay({ line: 17, activeLow: ${activeLow}, checkMs: 1000 }, JSON.parse(process.env.CHIPS)).set(true);
        setInterval(() => undefined, 1000);
      `;
      const env = { ...process.env, CHIPS: JSON.stringify(chips.parts) };
      const daemon = spawn(process.execPath, ['--input-type=module', '-e', script], { env, stdio: 'inherit' });
      await until(() => chips.written(17).endsWith(energised));
      daemon.kill('SIGKILL');
      await until(() => chips.written(17).endsWith(released));
    });
  });

  it('reads back what the pin says, not what was written', () => {
    const relay = open();
    chips.set(17, '.shorted', '0');
    relay.set(true);
    expect(relay.read()).toBe(false);
    relay.close();
  });

  it('is refused when the released line reads energised', () => {
    chips.set(17, '.shorted', '1');
    expect(() => open()).toThrow(/expected to drive the relay on line 17 .*received: the released line reads energised/);
  });

  it('is refused with the reason of the kernel', () => {
    chips.set(17, '.broken', 'cannot have line 17 of /dev/gpiochip0: Device or resource busy');
    expect(() => open()).toThrow(/received: cannot have line 17 of \/dev\/gpiochip0: Device or resource busy/);
  });

  it.each(['.broken', '.mute'])(
    'gives the line up when it goes wrong (%s), energises nothing, and takes it again to release it',
    (what) => {
      const relay = open();
      relay.set(true);
      chips.set(17, what, 'cannot write the line: Input/output error');
      expect(() => relay.read()).toThrow(/Input\/output error|says nothing for 1000 ms/);
      expect(chips.level(17)).toBe('0');
      rmSync(chips.path(17, what));
      expect(() => relay.set(true)).toThrow(/process that held the line was lost/);
      expect(chips.level(17)).toBe('0');
      relay.set(false);
      relay.set(true);
      expect([relay.read(), chips.level(17)]).toEqual([true, '1']);
      relay.close();
    },
  );

  it('notices that the process which holds the line was killed', () => {
    const relay = open();
    relay.set(true);
    process.kill(chips.pid(17), 'SIGKILL');
    expect(() => relay.read()).toThrow(/has ended/);
    relay.set(false);
    expect([relay.read(), chips.level(17)]).toEqual([false, '0']);
    relay.close();
  });

  it('names the chips that are there, and why others could not be asked', () => {
    expect(() => findGpiochipLine({ line: 60 }, chips.parts)).toThrow(
      /line 60 of a GPIO chip .*found "pinctrl-rp1" with 54 lines, "gpio-brcmstb@107d508500" with 32 lines/,
    );
    const none = { ...chips.parts, program: ['no-such-program'] as const };
    expect(() => findGpiochipLine({ line: 1 }, none)).toThrow(/no-such-program ENOENT/);
  });

  describe('as an input', () => {
    const input = (activeLow: boolean) =>
      openGpiochipInput({ name: 'contact', line: 5, activeLow, bias: 'pull-up' }, systemClock, chips.parts);

    it('follows its level, both edges', async () => {
      const line = await input(true);
      let edges = 0;
      line.watch(() => edges++);
      expect(line.read()).toBe(true);
      chips.set(5, '', '1');
      await until(() => edges === 1);
      expect(line.read()).toBe(false);
      chips.set(5, '', '0');
      await until(() => edges === 2);
      expect(line.read()).toBe(true);
      line.close();
      line.close();
      expect(() => line.read()).toThrow(/given back/);
    });

    it('is refused with the reason of the kernel', async () => {
      chips.set(5, '.broken', 'cannot have line 5: Device or resource busy');
      await expect(input(false)).rejects.toMatchObject({ code: 'DOOR_INPUT_UNAVAILABLE', message: /contact input .*busy/ });
    });

    it('says so when its process was lost, and comes back', async () => {
      const line = await input(false);
      let edges = 0;
      line.watch(() => edges++);
      chips.set(5, '.gone', '');
      await until(() => edges > 0);
      expect(() => line.read()).toThrow(/the process that reads the line has ended/);
      rmSync(chips.path(5, '.gone'));
      chips.set(5, '', '1');
      await until(() => edges > 1);
      expect(line.read()).toBe(true);
      line.close();
    });
  });

  describe('and `auto`', () => {
    const sysfsRoot = fakeSysfs([{ label: 'old-chip', base: 0, lines: 8 }]);
    const wire = { adapter: 'auto', line: 4 } as const;

    it('takes the character device where it has the line, sysfs otherwise, and names the chips where neither has', () => {
      expect(adapterOf(wire, { ...chips.parts, sysfsRoot })).toBe('gpiochip');
      expect(adapterOf({ ...wire, chipLabel: 'old-chip' }, { ...chips.parts, sysfsRoot })).toBe('onoff');
      expect(() => adapterOf({ ...wire, chipLabel: 'none' }, { ...chips.parts, sysfsRoot })).toThrow(
        /"none" under .*pinctrl-rp1/,
      );
      expect(adapterOf({ ...wire, adapter: 'onoff' }, { ...chips.parts, sysfsRoot })).toBe('onoff');
    });

    it('is the relay that a configuration names', async () => {
      const config = { ...defaultConfig().relay, adapter: 'auto', line: 22, activeLow: true } as const;
      const relay = await openRelay(config, new FakeClock(), { ...chips.parts, sysfsRoot });
      expect(chips.level(22)).toBe('1');
      relay.close();
    });
  });

  it('is released when nobody asks for it any more: the daemon is stuck', async () => {
    // The program as it is, on a kernel whose line is a file.
    const kernel = String.raw`
      my ($level, $log) = (0, "$ARGV[0].log");
      BEGIN { *CORE::GLOBAL::ioctl = sub (*$$) {
        my (undef, $what) = @_;
        if ($what == 0xC250B407) { open(my $fd, '<', '/dev/null'); our $kept = $fd; substr($_[2], 588, 4) = pack('l', fileno($fd)); return 1 }
        if ($what == 0xC010B40E) { $_[2] = pack('Q Q', $level // 0, 1); return 1 }
        if ($what == 0xC010B40F) { $level = unpack('Q', $_[2]); open(my $f, '>>', $ARGV[0] . '.log'); print $f $level; close $f; return 1 }
        return 0;
      } }
    `;
    const device = join(chips.deviceFolder, 'chip');
    writeFileSync(device, '');
    const written = () => (existsSync(`${device}.log`) ? readFileSync(`${device}.log`, 'utf8') : '');
    const holder = new LineHolder('perl', ['-e', kernel + GPIOCHIP_PROGRAM, device, '3', 'out', '0', '3']);
    expect([holder.write(1), written()]).toEqual([1, '1']);
    // Asked in time it stays as it is.
    for (let i = 0; i < 8; i++) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      expect(holder.read()).toBe(1);
    }
    await until(() => written() === '10');
    // It says nothing of that by itself, and goes on.
    expect([holder.read(), holder.write(1), holder.read(), holder.write(0)]).toEqual([0, 1, 1, 0]);
    expect(written()).toBe('1010');
    holder.close();
  });

  it('is spoken to in Perl that compiles and says what is wrong', () => {
    const answer = (...args: string[]) => spawnSync('perl', ['-e', GPIOCHIP_PROGRAM, ...args], { encoding: 'utf8', input: '' });
    expect(answer('/dev/null')).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^error \/dev\/null is no GPIO chip: /) as string,
    });
    expect(answer('/dev/null', '3', 'out', '0').stdout).toMatch(/^error cannot have line 3 of \/dev\/null: /);
    expect(answer('/nowhere', '3', 'in', 'pull-up').stdout).toMatch(/^error cannot open \/nowhere: No such file/);
  });
});
