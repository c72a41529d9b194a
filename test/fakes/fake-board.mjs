// Loaded before the built daemon (--import): a Raspberry Pi 4 whose GPIO lines are files of the folder $FAKE_BOARD. onoff is replaced
// by a class that keeps the physical level of line 512 + n in `gpio<512 + n>`. Signals that the daemon does not know bring it to its end
// in other ways than by signals.
import Module, { syncBuiltinESMExports } from 'node:module';
import fs from 'node:fs';
import { join } from 'node:path';

const folder = process.env.FAKE_BOARD;
const chip = { label: 'pinctrl-bcm2711', base: '512', ngpio: '58' };
const { readFileSync, readdirSync, writeFileSync } = fs;
fs.readdirSync = (path, ...rest) => (path === '/sys/class/gpio' ? ['gpiochip512'] : readdirSync(path, ...rest));
fs.readFileSync = (path, ...rest) => {
  const [, file] = /^\/sys\/class\/gpio\/gpiochip512\/(\w+)$/.exec(String(path)) ?? [];
  return file === undefined ? readFileSync(path, ...rest) : chip[file];
};
syncBuiltinESMExports();

class FakeGpio {
  constructor(line, direction) {
    this.path = join(folder, `gpio${line}`);
    this.writeSync(direction === 'high' ? 1 : 0);
  }
  writeSync(level) {
    writeFileSync(this.path, String(level));
  }
  readSync() {
    return Number(readFileSync(this.path, 'utf8'));
  }
  direction() {
    return 'out';
  }
  activeLow() {
    return false;
  }
  unexport() {}
}
const load = Module._load;
Module._load = (name, ...rest) => (name === 'onoff' ? { Gpio: FakeGpio } : load(name, ...rest));

process.on('SIGUSR2', () => {
  throw new Error('a defect of the test');
});
process.on('SIGWINCH', () => void Promise.reject(new Error('a defect of the test')));
process.on('SIGCONT', () => process.exit(9));
