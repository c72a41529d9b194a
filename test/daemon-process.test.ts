import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playVisitors, portrait, resident, strangers } from '../scripts/demo/visitors.js';
import type { DoorEvent } from '../src/events.js';
import { facelatch, start, untilLine } from './support/cli.js';
import { samples } from './support/photographs.js';

const isLinux = process.platform === 'linux';
const has = (program: string) => {
  try {
    execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn(`skipped: ${program} is not installed`);
    return false;
  }
};

/** Without CI in its environment: ONNX Runtime sends telemetry only then. */
const noCi = { CI: undefined, ORT_DISABLE_TELEMETRY: undefined };

describe('the running daemon', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-process-'));
    await playVisitors(join(folder, 'frames'), samples, [resident.atTheDoor, strangers[1]]);
    await writeFile(join(folder, 'ada.jpg'), await portrait(samples, resident.enrolled));
    expect((await facelatch(folder, ['enroll', 'Ada', 'ada.jpg', '--largest-face'])).status).toBe(0);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const configure = (mqtt: object, more: object = {}) =>
    writeFile(
      join(folder, 'facelatch.yaml'),
      JSON.stringify({
        door: { id: 'p' },
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
        relay: { adapter: 'simulated', pulseMs: 300 },
        // Photographs play the visitors.
        liveness: { passive: false },
        access: { maxFrameAgeMs: 10_000, expireMs: 5_000 },
        mqtt,
        ...more,
      }),
    );

  it.skipIf(!isLinux)(
    'opens no connection but to its broker, with telemetry allowed by the environment',
    async () => {
      await configure({ embeddedPort: 0 });
      const daemon = start(folder, ['run', '--json'], noCi);
      try {
        await untilLine<DoorEvent>(daemon, ({ type }) => type === 'granted' || type === 'denied');
        const remote = new Set<string>();
        for (let look = 0; look < 20; look++) {
          for (const address of await remoteAddresses(daemon.pid ?? 0)) remote.add(address.host);
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        expect([...remote]).toEqual(['127.0.0.1']);
      } finally {
        daemon.kill('SIGTERM');
      }
    },
    60_000,
  );

  it.skipIf(!isLinux || !has('strace'))(
    'asks the kernel for no connection or name look-up beyond loopback from its first instruction (strace)',
    async () => {
      await configure({ embeddedPort: 0 });
      const trace = join(folder, 'trace');
      const env = { ...process.env, ...noCi };
      const cli = join(import.meta.dirname, '..', 'dist', 'facelatch.cjs');
      const args = [
        '-f',
        '-qq',
        '-e',
        'trace=connect,sendto,sendmsg,sendmmsg',
        '-o',
        trace,
        process.execPath,
        cli,
        'run',
        '--json',
      ];
      const traced = spawn('strace', args, { cwd: folder, env, detached: true });
      const closed = new Promise((resolve) => traced.once('close', resolve));
      try {
        await untilLine<DoorEvent>(traced, ({ type }) => type === 'granted' || type === 'denied');
      } finally {
        // strace itself would only let go of the daemon: the whole group is told to end.
        process.kill(-(traced.pid ?? 0), 'SIGTERM');
        await closed;
      }
      const calls = (await readFile(trace, 'utf8'))
        .split('\n')
        .filter((line) => /AF_INET|AF_INET6|sin_addr|sin6_addr/.test(line));
      expect(calls.length).toBeGreaterThan(0);
      expect(calls.filter((line) => !line.includes('127.0.0.1'))).toEqual([]);
    },
    120_000,
  );

  it('ends in order on SIGTERM: status 0, the relay released, offline on the broker', async () => {
    await configure({ embeddedPort: 0 });
    const daemon = start(folder, ['run', '--json'], noCi);
    const events = await untilLine<DoorEvent>(daemon, ({ type }) => type === 'unlocked');
    const closed = new Promise((resolve) => daemon.once('close', resolve));
    daemon.kill('SIGTERM');
    expect(await closed).toBe(0);
    const types = events.map(({ type }) => type);
    expect(types.slice(types.indexOf('unlocked')).filter((type) => type === 'locked')).toHaveLength(1);
    expect(types.at(-1)).toBe('stopped');
  }, 60_000);

  it.skipIf(!has('mosquitto') || !has('mosquitto_sub'))(
    'tells a mosquitto broker, seen by mosquitto_sub',
    async () => {
      const port = await freePort();
      await writeFile(join(folder, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
      const broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore' });
      await new Promise((resolve) => setTimeout(resolve, 500));
      const watcher = spawn('mosquitto_sub', ['-p', String(port), '-h', '127.0.0.1', '-t', 'facelatch/p/#', '-F', '%t %p']);
      let heard = '';
      watcher.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      await configure({ url: `mqtt://127.0.0.1:${port}` });
      const daemon = start(folder, ['run', '--json'], noCi);
      try {
        await untilLine<DoorEvent>(daemon, ({ type }) => type === 'locked');
        daemon.kill('SIGTERM');
        await new Promise((resolve) => daemon.once('exit', resolve));
        await new Promise((resolve) => setTimeout(resolve, 300));
        expect(heard).toMatch(/^facelatch\/p\/availability online$/m);
        expect(heard).toMatch(/^facelatch\/p\/event .*"type":"granted".*"name":"Ada"/m);
        expect(heard).toMatch(/^facelatch\/p\/event .*"type":"unlocked"/m);
        expect(heard).toMatch(/^facelatch\/p\/state .*"lock":"LOCKED"/m);
        expect(heard).toMatch(/^facelatch\/p\/availability offline$/m);
      } finally {
        daemon.kill('SIGKILL');
        watcher.kill();
        broker.kill();
      }
    },
    90_000,
  );

  it('outlives damaged pictures from its camera', async () => {
    const frames = join(folder, 'damaged');
    await playVisitors(frames, samples, [resident.atTheDoor]);
    const [first] = (await readdir(frames)).sort();
    const whole = await readFile(join(frames, first));
    await writeFile(join(frames, '0000-empty.jpg'), '');
    await writeFile(join(frames, '0000-text.jpg'), 'no picture');
    await writeFile(join(frames, '0000-cut.jpg'), whole.subarray(0, 500));
    await writeFile(
      join(frames, '0000-tiny.jpg'),
      await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
        .jpeg()
        .toBuffer(),
    );
    await configure({ embeddedPort: 0 }, { camera: { adapter: 'folder', path: frames, fps: 10, loop: false } });
    const daemon = start(folder, ['run', '--json'], noCi);
    const events = await untilLine<DoorEvent>(daemon, ({ type }) => type === 'granted');
    await end(daemon);
    expect(events.map(({ type }) => type)).toContain('camera_fault');
  }, 60_000);
});

/** Asks the daemon to end and waits for it: the next one needs its lock. */
async function end(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null) return;
  const gone = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGTERM');
  await gone;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** The far ends of a process's TCP and UDP sockets (proc(5)); listening sockets have none. */
async function remoteAddresses(pid: number): Promise<Address[]> {
  const inodes = new Set<string>();
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode) inodes.add(inode);
  }
  const found: Address[] = [];
  for (const table of ['tcp', 'tcp6', 'udp', 'udp6']) {
    const lines = (await readFile(`/proc/${pid}/net/${table}`, 'utf8')).trim().split('\n').slice(1);
    for (const line of lines) {
      const fields = line.trim().split(/\s+/);
      if (!inodes.has(fields[9]) || /^0+:0+$/.test(fields[2])) continue;
      const [hex, port] = fields[2].split(':');
      // Little-endian words: the last four bytes are an IPv4 address, mapped or not.
      const bytes = hex.slice(-8).match(/../g)?.reverse() ?? [];
      found.push({ host: bytes.map((byte) => parseInt(byte, 16)).join('.'), port: parseInt(port, 16) });
    }
  }
  return found;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
