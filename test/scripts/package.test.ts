import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { architectures } from '../../scripts/package/architecture.js';
import { CONFIG, debianPackage, installedConfig } from '../../scripts/package/debian-package.js';
import { parseConfig } from '../../src/config.js';
import { root } from '../support/photographs.js';
import { installed } from '../support/programs.js';

describe('the installed configuration', () => {
  it('is that of a checkout, with its comments, and its state where a service has it', () => {
    const text = installedConfig(readFileSync(join(root, 'config', 'facelatch.yaml'), 'utf8'));
    expect(parseConfig(text, CONFIG).people.file).toBe('/var/lib/facelatch/people.json');
    expect(text).toMatch(/# who is enrolled;/);
  });
});

describe.skipIf(!installed('dpkg-deb'))('the Debian package', () => {
  let folder: string;
  let deb: string;
  const ask = (...args: string[]) => execFileSync('dpkg-deb', args, { encoding: 'utf8' });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'facelatch-package-test-'));
    deb = join(folder, 'out', 'facelatch.deb');
    const [amd64] = architectures;
    await debianPackage({
      root,
      staging: join(folder, 'staging'),
      architecture: amd64,
      version: '0.1.0-7',
      output: deb,
      fill: async (library) => {
        await Promise.resolve();
        mkdirSync(join(library, 'bin'), { recursive: true });
        writeFileSync(join(library, 'bin', 'node'), '#!/bin/sh\n', { mode: 0o755 });
      },
    });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('says what it is and what it needs', () => {
    expect(ask('--field', deb, 'Package', 'Version', 'Architecture')).toBe(
      'Package: facelatch\nVersion: 0.1.0-7\nArchitecture: amd64\n',
    );
    expect(ask('--field', deb, 'Depends')).toMatch(/perl-base/);
  });

  it('holds units, rules and configuration at their places, all of root', () => {
    const entries = ask('--contents', deb).trim().split('\n');
    expect(entries.filter((entry) => !entry.includes(' root/root '))).toEqual([]);
    const files = entries.map((entry) => entry.split(/\s+/)[5]);
    for (const file of [
      './etc/facelatch/facelatch.yaml',
      './usr/bin/facelatch',
      './usr/lib/facelatch/bin/node',
      './usr/lib/systemd/system/facelatch.service',
      './usr/lib/systemd/system/facelatch@.service',
      './usr/lib/sysusers.d/facelatch.conf',
      './usr/lib/tmpfiles.d/facelatch.conf',
      './usr/lib/udev/rules.d/60-facelatch.rules',
      './usr/share/doc/facelatch/copyright',
    ]) {
      expect(files).toContain(file);
    }
  });

  it('keeps a configuration that was changed, and removes state with a purge only', () => {
    execFileSync('dpkg-deb', ['--control', deb, join(folder, 'control')]);
    const script = (name: string) => readFileSync(join(folder, 'control', name), 'utf8');
    expect(script('conffiles')).toBe(`/${CONFIG}\n`);
    for (const name of ['postinst', 'prerm', 'postrm']) execFileSync('sh', ['-n', join(folder, 'control', name)]);
    // Run with stand-ins for what they call: only a purge may touch the state.
    const programs = join(folder, 'programs');
    mkdirSync(programs);
    for (const name of ['rm', 'install', 'systemctl', 'udevadm', 'systemd-sysusers', 'systemd-tmpfiles', 'facelatch']) {
      writeFileSync(join(programs, name), `#!/bin/sh\necho ${name} "$@"\n`, { mode: 0o755 });
    }
    const env = { ...process.env, PATH: `${programs}:${process.env['PATH'] ?? ''}` };
    for (const name of ['postinst', 'prerm', 'postrm']) {
      for (const action of ['configure', 'remove', 'upgrade', 'purge', 'abort-upgrade']) {
        const done = execFileSync('sh', [join(folder, 'control', name), action, '0.1.0-6'], { encoding: 'utf8', env });
        expect(done.includes('rm -rf /var/lib/facelatch'), `${name} ${action}`).toBe(name === 'postrm' && action === 'purge');
      }
    }
  });
});
