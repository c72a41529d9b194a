import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { shell } from '../package/shell.js';
import { say } from './progress.js';

/** What is needed on this machine, and Debian's package that has it. */
const PROGRAMS = {
  'qemu-system-aarch64': 'qemu-system-arm',
  debootstrap: 'debootstrap',
  mke2fs: 'e2fsprogs',
  depmod: 'kmod',
  cpio: 'cpio',
  xz: 'xz-utils',
  setpriv: 'util-linux',
  // Compiles the one native part that comes as source.
  'aarch64-linux-gnu-g++': process.arch === 'arm64' ? 'g++' : 'g++-aarch64-linux-gnu',
  make: 'make',
  python3: 'python3',
};

/** Installs what is missing. @throws Error where this is not root on a Debian, or apt fails */
export async function installPrograms(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('expected to be run as root: the root file system of the board belongs to root');
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  const has = (program: string) => folders.some((folder) => existsSync(join(folder, program)));
  const missing = Object.entries(PROGRAMS).flatMap(([program, from]) => (has(program) ? [] : [from]));
  if (missing.length === 0) return;
  say(`installing ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=600'];
  await shell('apt-get', [...apt, 'update'], { env });
  await shell('apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...missing], { env });
}
