import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Agent } from './agent.js';
import { JsonLines } from './json-lines.js';
import { isDrivenHigh, parsePl061, READ_PL061 } from './pl061.js';

export interface MachineOptions {
  /** Where vmlinuz and initrd.gz are. */
  readonly image: string;
  /** Its own copy of the disk. */
  readonly disk: string;
  /** For sockets and the console's log. */
  readonly folder: string;
  /** What the board can mount, read only, by the tag "host". */
  readonly shared: string;
  /** The port of the host's loopback that leads to the board's broker. */
  readonly brokerPort: number;
}

/** What the board calls the host (QEMU's user network). */
export const HOST_ADDRESS = '10.0.2.2';

/** The emulated board: QEMU's `virt` machine with a Cortex-A72. Power on, power cut, and the pins from outside. */
export class Machine {
  readonly #options: MachineOptions;
  readonly #console: string;
  #process: ChildProcess | undefined;
  #monitor: JsonLines | undefined;
  #agent: Agent | undefined;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#console = join(options.folder, 'console.log');
  }

  async powerOn(): Promise<void> {
    const { folder } = this.#options;
    const log = openSync(join(folder, 'qemu.log'), 'a');
    // Whatever ends this process, the emulator goes with it.
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-aarch64', ...this.#arguments()], {
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.#process.on('error', () => undefined);
    this.#monitor = await JsonLines.connect(join(folder, 'monitor'), 30_000);
    await this.#monitor.ask('qmp_capabilities');
    this.#agent = new Agent(await JsonLines.connect(join(folder, 'agent'), 30_000));
  }

  /** At once, in the middle of whatever it does. Safe to call when it is off. */
  async cutPower(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
    this.#monitor?.close();
    this.#agent?.close();
  }

  /** Commands on the board. @throws Error while the machine is off */
  get agent(): Agent {
    if (!this.#agent) throw new Error('the board is off');
    return this.#agent;
  }

  /** A line of the GPIO controller, read in its registers from outside. */
  async isHigh(line: number): Promise<boolean> {
    const answer = await this.#ask('human-monitor-command', { 'command-line': READ_PL061 });
    return isDrivenHigh(parsePl061(String(answer)), line);
  }

  /** How often the board has asked its disk to keep what was written. */
  async flushes(): Promise<number> {
    const drives = (await this.#ask('query-blockstats')) as { stats: { flush_operations: number } }[];
    return drives.reduce((sum, { stats }) => sum + stats.flush_operations, 0);
  }

  /** The last lines of the console. */
  async console(lines: number): Promise<string> {
    const text = await readFile(this.#console, 'utf8').catch(() => '');
    return text.trimEnd().split('\n').slice(-lines).join('\n');
  }

  #ask(command: string, args?: object): Promise<unknown> {
    if (!this.#monitor) throw new Error('the board is off');
    return this.#monitor.ask(command, args);
  }

  #arguments(): string[] {
    const { image, disk, folder, shared, brokerPort } = this.#options;
    return [
      ...['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', '2048', '-accel', 'tcg,thread=multi'],
      ...['-display', 'none', '-nodefaults'],
      ...['-kernel', join(image, 'vmlinuz'), '-initrd', join(image, 'initrd.gz'), '-append', 'console=ttyAMA0 panic=5'],
      ...['-chardev', `file,id=console,path=${this.#console},append=on`, '-serial', 'chardev:console'],
      ...['-drive', `file=${disk},format=raw,if=none,id=disk,cache=writeback`, '-device', 'virtio-blk-pci,drive=disk'],
      ...['-netdev', `user,id=net,hostfwd=tcp:127.0.0.1:${brokerPort}-:1883`, '-device', 'virtio-net-pci,netdev=net,romfile='],
      ...['-virtfs', `local,path=${shared},mount_tag=host,security_model=none,readonly=on`],
      ...['-qmp', `unix:${join(folder, 'monitor')},server=on,wait=off`],
      ...['-chardev', `socket,id=agent,path=${join(folder, 'agent')},server=on,wait=off`, '-device', 'virtio-serial-pci'],
      ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0', '-device', 'virtio-rng-pci'],
    ];
  }
}
