import { readFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playVisitors, portrait, resident } from '../scripts/demo/visitors.js';
import { facelatch, start } from './support/cli.js';
import { root, samples } from './support/photographs.js';

// Line 17 of a chip that begins at 512, as Linux 6.6 numbers them. The board is active-low: released is high.
const RELEASED = '1';
const LINE = 'gpio529';

describe('the relay of a daemon in the middle of a pulse', () => {
  let folder: string;
  let board: NodeJS.ProcessEnv;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-exit-'));
    board = {
      FAKE_BOARD: folder,
      NODE_OPTIONS: `--import=${pathToFileURL(join(root, 'test/fakes/fake-board.mjs')).href}`,
      FACELATCH_LOG: 'error',
    };
    await playVisitors(join(folder, 'frames'), samples, [resident.atTheDoor]);
    await writeFile(join(folder, 'ada.jpg'), await portrait(samples, resident.enrolled));
    expect((await facelatch(folder, ['enroll', 'Ada', 'ada.jpg', '--largest-face'])).status).toBe(0);
    await writeFile(
      join(folder, 'facelatch.yaml'),
      JSON.stringify({
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
        relay: { adapter: 'onoff', line: 17, activeLow: true, pulseMs: 30_000 },
        // A photograph plays the visitor.
        liveness: { passive: false },
        access: { maxFrameAgeMs: 10_000, expireMs: 5_000 },
        mqtt: { embeddedPort: 0 },
      }),
    );
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const level = () => readFile(join(folder, LINE), 'utf8').catch(() => 'none');

  /** A daemon whose relay is energised. */
  async function unlocked() {
    await rm(join(folder, LINE), { force: true });
    const daemon = start(folder, ['run'], board);
    let errors = '';
    daemon.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    daemon.stdout.resume();
    const closed = new Promise<string | number | null>((resolve) => {
      daemon.once('exit', (status, signal) => resolve(signal ?? status));
    });
    while ((await level()) !== '0') {
      if (daemon.exitCode !== null) throw new Error(`the daemon ended: ${errors}`);
      await sleep(10);
    }
    return { daemon, closed };
  }

  it.each([
    ['SIGTERM', 'SIGTERM', 0],
    ['SIGINT', 'SIGINT', 0],
    ['SIGQUIT', 'SIGQUIT', 0],
    ['an exception that nobody catches', 'SIGUSR2', 1],
    ['a rejection that nobody handles', 'SIGWINCH', 1],
    ['process.exit', 'SIGCONT', 9],
  ] as const)('is released by %s', async (_what, signal, status) => {
    const { daemon, closed } = await unlocked();
    daemon.kill(signal);
    expect(await closed).toBe(status);
    expect(await level()).toBe(RELEASED);
  });

  it('is released by nobody but `facelatch release` after SIGKILL, which is what ExecStopPost is for', async () => {
    const { daemon, closed } = await unlocked();
    daemon.kill('SIGKILL');
    expect(await closed).toBe('SIGKILL');
    expect(await level()).not.toBe(RELEASED);
    expect((await facelatch(folder, ['release'], board)).status).toBe(0);
    expect(await level()).toBe(RELEASED);
  });

  it('stays in order where nobody reads what the daemon prints any more', async () => {
    const { daemon, closed } = await unlocked();
    daemon.stdout.destroy();
    // Read again after SIGHUP: the daemon says so on standard output.
    await writeFile(
      join(folder, 'facelatch.yaml'),
      (await readFile(join(folder, 'facelatch.yaml'), 'utf8')).replace('30000', '29000'),
    );
    await rm(join(folder, LINE));
    daemon.kill('SIGHUP');
    while ((await level()) !== '0') {
      expect(daemon.exitCode).toBeNull();
      await sleep(10);
    }
    daemon.kill('SIGTERM');
    expect(await closed).toBe(0);
    expect(await level()).toBe(RELEASED);
  });
});
