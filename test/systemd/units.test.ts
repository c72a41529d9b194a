import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../support/photographs.js';
import { installed } from '../support/programs.js';

const unit = (name: string) => join(root, 'systemd', name);
const text = (name: string) => readFileSync(unit(name), 'utf8');

describe.skipIf(!installed('systemd-analyze'))('the systemd units', () => {
  it.each(['facelatch.service', 'facelatch@.service'])('%s has an exposure of at most 1.5', (name) => {
    const { stdout, stderr } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', unit(name)], {
      encoding: 'utf8',
    });
    const exposure = /exposure level for \S+: ([0-9.]+)/.exec(stdout)?.[1];
    expect(exposure, stderr).toBeDefined();
    expect(Number(exposure)).toBeLessThanOrEqual(1.5);
  });

  it.each(['facelatch.service', 'facelatch@.service'])('%s has no line that systemd does not understand', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'facelatch-unit-'));
    try {
      // The programs are not installed here: `true` stands for them.
      writeFileSync(
        join(folder, name),
        text(name)
          .replaceAll('/usr/lib/facelatch/bin/node', '/bin/true')
          .replace(/^Documentation=.*\n/m, ''),
      );
      const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', join(folder, name.replace('@', '@front'))], {
        encoding: 'utf8',
        env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` },
      });
      expect(stderr.split('\n').filter((line) => line.includes('facelatch'))).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe.each(['facelatch.service', 'facelatch@.service'])('%s', (name) => {
  it('runs nothing but the Node of the package and the shell, which every system has', () => {
    const programs = [...text(name).matchAll(/^Exec(?:Start|Reload|StopPost)=(\S+)/gm)].map(([, program]) => program);
    expect(new Set(programs)).toEqual(new Set(['/usr/lib/facelatch/bin/node', '/bin/sh']));
  });
});

describe('the unit for several doors', () => {
  it('differs from the unit for one only in what belongs to the instance', () => {
    const one = text('facelatch.service').split('\n');
    const several = text('facelatch@.service').split('\n');
    expect(several).toHaveLength(one.length);
    const differing = several.filter((line, index) => line !== one[index] && !line.startsWith('#'));
    expect(differing).toEqual([
      'Description=facelatch: face recognition for a door (%i)',
      'StateDirectory=facelatch/%i',
      'RuntimeDirectory=facelatch/%i',
      'WorkingDirectory=/var/lib/facelatch/%i',
      'Environment=FACELATCH_CONFIG=/etc/facelatch/%i.yaml NODE_ENV=production ORT_DISABLE_TELEMETRY=1 MALLOC_ARENA_MAX=1',
      'LoadCredential=people.key:facelatch-%i.people.key',
      'LoadCredential=mqtt.password:facelatch-%i.mqtt.password',
    ]);
  });
});

describe.skipIf(!installed('systemd-sysusers', 'systemd-tmpfiles', 'fakeroot'))('the users and folders of the system', () => {
  it('are understood by systemd', () => {
    const folder = mkdtempSync(join(tmpdir(), 'facelatch-root-'));
    mkdirSync(join(folder, 'etc'));
    try {
      const made = execFileSync('fakeroot', ['systemd-sysusers', `--root=${folder}`, unit('facelatch.sysusers')], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      expect(made).toBe('');
      expect(readFileSync(join(folder, 'etc/passwd'), 'utf8')).toMatch(/^facelatch:x:\d+:\d+:.*:\/var\/lib\/facelatch:/m);
      const groups = readFileSync(join(folder, 'etc/group'), 'utf8');
      for (const group of ['video', 'gpio', 'input', 'dialout']) {
        expect(groups).toMatch(new RegExp(`^${group}:x:\\d+:facelatch$`, 'm'));
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
