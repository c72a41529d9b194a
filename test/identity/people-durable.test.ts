import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { openPeople } from '../../src/identity/people.js';
import { cliPath } from '../support/cli.js';

const missing = spawnSync('strace', ['-V']).status === 0 ? undefined : 'strace is not installed';

describe.skipIf(missing)(`a change of the people file, as the kernel sees it${missing ? ` (skipped: ${missing})` : ''}`, () => {
  it('is synced before it takes the place of the old file, and its name before it is acknowledged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'people-durable-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'state', 'people.json');
    const people = await openPeople({ file, create: true, clock: systemClock });
    await people.add({ name: 'Ann', templates: [] });
    await people.close();

    const log = join(folder, 'calls');
    const calls = 'trace=/^(write|pwrite64|writev|fsync|fdatasync|rename|renameat|renameat2|link|linkat)$';
    const args = ['-f', '-y', '-s', '400', '-e', calls, '-o', log];
    const command = [process.execPath, cliPath, 'people', 'rename', 'Ann', 'Anna'];
    const { status, stdout } = spawnSync('strace', [...args, ...command], { cwd: folder, encoding: 'utf8' });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringContaining('Anna') as string });

    const lines = readFileSync(log, 'utf8').split('\n');
    const where = (pattern: RegExp) => lines.flatMap((line, at) => (pattern.test(line) ? [at] : []));
    const [written, synced, renamed, folderSynced, told] = [
      where(/ p?write[v64]*\(\d+<[^>]*people\.json\.tmp>/),
      where(/ fsync\(\d+<[^>]*people\.json\.tmp>/),
      where(/ rename.*people\.json\.tmp", .*people\.json"/),
      where(/ fsync\(\d+<[^>]*\/state>/),
      where(/ write\(1<.*Anna/),
    ];
    expect([written, synced, renamed, told].map(({ length }) => length > 0)).toEqual([true, true, true, true]);
    expect(synced[0]).toBeGreaterThan(written.at(-1)!);
    expect(renamed[0]).toBeGreaterThan(synced[0]);
    const lasting = folderSynced.filter((at) => at > renamed[0]);
    expect(lasting.length).toBeGreaterThan(0);
    expect(told[0]).toBeGreaterThan(lasting[0]);
  });
});
