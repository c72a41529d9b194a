import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { facelatch, start } from '../support/cli.js';
import { installed } from '../support/programs.js';

/** What a service manager hears: Node has no datagram sockets in the Unix domain, Perl has. */
const LISTEN = String.raw`
  use Socket; $| = 1;
  socket(SOCKET, AF_UNIX, SOCK_DGRAM, 0) && bind(SOCKET, sockaddr_un($ARGV[0])) or die $!;
  print "listening\n";
  while (defined recv(SOCKET, $message, 4096, 0)) { print join(' ', split /\n/, $message), "\n" }
`;

describe.skipIf(!installed('perl', 'systemd-notify'))('the daemon under a service manager', () => {
  let folder: string;
  let listener: ChildProcess;
  let heard: string[] = [];
  /** What comes after it is kept: two messages may arrive at once. */
  const saysSoon = async (pattern: RegExp): Promise<void> => {
    while (!heard.some((line) => pattern.test(line))) await new Promise((resolve) => setTimeout(resolve, 20));
    heard = heard.slice(heard.findIndex((line) => pattern.test(line)) + 1);
  };

  const configure = (more: object) =>
    writeFile(
      join(folder, 'facelatch.yaml'),
      JSON.stringify({
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
        mqtt: { embeddedPort: 0 },
        ...more,
      }),
    );

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-supervised-'));
    await mkdir(join(folder, 'frames'));
    await sharp({ create: { width: 640, height: 480, channels: 3, background: 'grey' } }).toFile(join(folder, 'frames', '1.jpg'));
    expect((await facelatch(folder, ['people', 'init'])).status).toBe(0);
    listener = spawn('perl', ['-e', LISTEN, join(folder, 'notify')], { stdio: ['ignore', 'pipe', 'inherit'] });
    listener.stdout?.on('data', (chunk: Buffer) => heard.push(...chunk.toString().split('\n').filter(Boolean)));
    await saysSoon(/listening/);
  });
  afterAll(async () => {
    listener.kill();
    await rm(folder, { recursive: true, force: true });
  });

  it('says that it is ready, feeds the watchdog, reads its configuration again, and refuses a wrong one', async () => {
    await configure({});
    const daemon = start(folder, ['run'], {
      NOTIFY_SOCKET: join(folder, 'notify'),
      WATCHDOG_USEC: '1500000',
      RUNTIME_DIRECTORY: folder,
    });
    let log = '';
    daemon.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const closed = new Promise((resolve) => daemon.once('close', resolve));
    try {
      await saysSoon(/^READY=1 STATUS=watching/);
      await saysSoon(/^WATCHDOG=1$/);

      await configure({ relay: { adapter: 'simulated', pulseMs: 'long' } });
      daemon.kill('SIGHUP');
      await saysSoon(/^RELOADING=1/);
      await saysSoon(/^READY=1/);
      expect(log).toMatch(/the configuration was refused.*/);
      expect(log).toMatch(/relay.pulseMs: .*received \\"long\\"/);
      expect(log).not.toMatch(/"reason":"reload"/);

      await configure({ mqtt: { embeddedPort: 0, keepAliveSeconds: 33 } });
      daemon.kill('SIGHUP');
      await saysSoon(/^READY=1 STATUS=watching; events on/);
      await saysSoon(/^WATCHDOG=1$/);
    } finally {
      daemon.kill('SIGTERM');
    }
    expect(await closed).toBe(0);
    expect(log.match(/"ready"/g)).toHaveLength(2);
  });

  it('leaves the watchdog hungry when its camera shows nothing', async () => {
    await configure({
      camera: { adapter: 'ffmpeg', input: 'http://127.0.0.1:9/' },
      watchdog: { maxSilenceMs: 2_000 },
    });
    const daemon = start(folder, ['run'], { NOTIFY_SOCKET: join(folder, 'notify'), WATCHDOG_USEC: '1500000' });
    try {
      await saysSoon(/^STATUS=no frame was analysed for \d s$/);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      expect(heard).not.toContain('WATCHDOG=1');
    } finally {
      daemon.kill('SIGTERM');
    }
  });

  it('has its relay released by `facelatch release`, also when the configuration has been broken meanwhile', async () => {
    await writeFile(join(folder, 'facelatch.yaml'), 'relay: nonsense\n');
    const broken = await facelatch(folder, ['release'], { RUNTIME_DIRECTORY: undefined });
    expect([broken.status, broken.stderr]).toEqual([4, expect.stringMatching(/relay: /)]);
    // The first test's daemon left its note.
    const noted = await facelatch(folder, ['release', '--json'], { RUNTIME_DIRECTORY: folder });
    expect([noted.status, noted.stdout]).toEqual([0, '{"released":true,"relay":"simulated"}\n']);
    await writeFile(join(folder, 'relay.json'), JSON.stringify({ relay: { adapter: 'onoff', line: 1_000, chipLabel: 'none' } }));
    const absent = await facelatch(folder, ['release'], { RUNTIME_DIRECTORY: folder });
    expect([absent.status, absent.stderr]).toEqual([
      7,
      expect.stringMatching(/line 1000 of exactly one GPIO chip labelled "none"/),
    ]);
  });
});
