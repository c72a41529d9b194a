import { chmod, copyFile, cp, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';
import type { Architecture } from './architecture.js';
import { shell } from './shell.js';

const LIBRARY = 'usr/lib/facelatch';
export const CONFIG = 'etc/facelatch/facelatch.yaml';

/** Where the files of systemd/ are installed. */
const systemFiles = {
  'facelatch.service': 'usr/lib/systemd/system/facelatch.service',
  'facelatch@.service': 'usr/lib/systemd/system/facelatch@.service',
  'facelatch.sysusers': 'usr/lib/sysusers.d/facelatch.conf',
  'facelatch.tmpfiles': 'usr/lib/tmpfiles.d/facelatch.conf',
  '60-facelatch.rules': 'usr/lib/udev/rules.d/60-facelatch.rules',
} as const;

export interface PackageOptions {
  readonly root: string;
  /** An empty folder. */
  readonly staging: string;
  readonly architecture: Architecture;
  /** Such as 0.1.0-1. */
  readonly version: string;
  /** Puts everything that runs into the folder that it is given. */
  readonly fill: (folder: string) => Promise<void>;
  readonly output: string;
}

/** Lays the files out in `staging` and makes the .deb of them. */
export async function debianPackage({ root, staging, architecture, version, fill, output }: PackageOptions): Promise<void> {
  const put = async (from: string, to: string, mode = 0o644) => {
    await mkdir(dirname(join(staging, to)), { recursive: true });
    await copyFile(join(root, from), join(staging, to));
    await chmod(join(staging, to), mode);
  };
  await fill(join(staging, LIBRARY));
  for (const [from, to] of Object.entries(systemFiles)) await put(join('systemd', from), to);
  await put('scripts/package/debian/facelatch', 'usr/bin/facelatch', 0o755);
  await put('README.md', 'usr/share/doc/facelatch/README.md');
  await put('CHANGELOG.md', 'usr/share/doc/facelatch/CHANGELOG.md');
  await put('LICENSE', 'usr/share/doc/facelatch/copyright');
  await cp(join(root, 'docs'), join(staging, 'usr/share/doc/facelatch/docs'), { recursive: true });
  await put('config/facelatch.yaml', CONFIG);
  await writeFile(join(staging, CONFIG), installedConfig(await readFile(join(root, 'config/facelatch.yaml'), 'utf8')));

  for (const script of ['postinst', 'prerm', 'postrm']) await put(`scripts/package/debian/${script}`, `DEBIAN/${script}`, 0o755);
  await writeFile(join(staging, 'DEBIAN/conffiles'), `/${CONFIG}\n`);
  await writeFile(join(staging, 'DEBIAN/control'), control(architecture, version, await kilobytes(staging)));
  await mkdir(dirname(output), { recursive: true });
  await shell('dpkg-deb', ['--root-owner-group', '-Zxz', '-z6', '--build', staging, output]);
}

/** The configuration of a checkout with the state where a service has it. */
export function installedConfig(text: string): string {
  const document = parseDocument(text);
  document.setIn(['people', 'file'], '/var/lib/facelatch/people.json');
  return document.toString({ lineWidth: 0 });
}

function control({ debian }: Architecture, version: string, installedKilobytes: number): string {
  return [
    'Package: facelatch',
    `Version: ${version}`,
    `Architecture: ${debian}`,
    'Maintainer: facelatch maintainers <facelatch@localhost>',
    `Installed-Size: ${installedKilobytes}`,
    // setpriv is of util-linux; Perl holds the line of a GPIO character device.
    'Depends: libc6 (>= 2.28), libstdc++6, libgcc-s1, systemd (>= 247), util-linux, perl-base',
    'Recommends: ffmpeg',
    'Suggests: mosquitto, rpicam-apps, fswebcam, gpiod',
    'Section: misc',
    'Priority: optional',
    'Description: face recognition for a door',
    ' Watches a camera, recognises the people who are enrolled, and releases the lock',
    ' through a GPIO relay. Reports over MQTT and runs as a sandboxed systemd service.',
    ' Node.js and the models are inside.',
    '',
  ].join('\n');
}

async function kilobytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const sizes = await Promise.all(files.map(async (entry) => (await stat(join(entry.parentPath, entry.name))).size));
  return sizes.reduce((total, size) => total + Math.ceil(size / 1024), 0);
}
