import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { playVisitors, portrait, resident, strangers } from '../demo/visitors.js';

export interface DaemonFigures {
  /** From the start of the process to its `started` event, in the order of the runs. */
  readonly readyMs: readonly number[];
  /** Peak resident memory (VmHWM of proc(5)) after `watchedSeconds` of visitors, in the order of the runs; Linux only. */
  readonly peakMegabytes: readonly number[];
  readonly watchedSeconds: number;
}

const RUNS = 5;
const WATCHED_SECONDS = 12;
const cli = fileURLToPath(new URL('../../facelatch.js', import.meta.url));

/** Starts the daemon as a user does, before a replayed camera with visitors at 10 fps, and looks at it from outside. */
export async function measureDaemon(photographs: string): Promise<DaemonFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-bench-'));
  try {
    const frames = join(folder, 'frames');
    await playVisitors(frames, photographs, [resident.atTheDoor, strangers[1]]);
    await writeFile(join(folder, 'ada.jpg'), await portrait(photographs, resident.enrolled));
    const config = { camera: { adapter: 'folder', path: frames, fps: 10 }, mqtt: { embeddedPort: 0 } };
    await writeFile(join(folder, 'facelatch.yaml'), JSON.stringify(config));
    await new Promise((resolve) => {
      spawn(process.execPath, [cli, 'enroll', 'Ada', 'ada.jpg', '--largest-face'], { cwd: folder }).once('close', resolve);
    });
    const readyMs: number[] = [];
    const peakMegabytes: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const figures = await oneRun(folder);
      readyMs.push(figures.readyMs);
      if (figures.peakMegabytes !== undefined) peakMegabytes.push(figures.peakMegabytes);
    }
    return { readyMs, peakMegabytes, watchedSeconds: WATCHED_SECONDS };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs the daemon of a folder with a facelatch.yaml for so long. */
export async function oneRun(
  folder: string,
  watchedSeconds = WATCHED_SECONDS,
): Promise<{ readyMs: number; peakMegabytes: number | undefined }> {
  const env = { ...process.env, FACELATCH_LOG: 'error' };
  const start = performance.now();
  const daemon = spawn(cli, ['run', '--json'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], env });
  const closed = new Promise((resolve) => daemon.once('close', resolve));
  try {
    await new Promise<void>((resolve, reject) => {
      daemon.stdout.on('data', (chunk: Buffer) => {
        if (chunk.includes('"type":"started"')) resolve();
      });
      daemon.once('close', (status) => reject(new Error(`the daemon ended with status ${status ?? 'none'} before it was ready`)));
    });
    const readyMs = performance.now() - start;
    await new Promise((resolve) => setTimeout(resolve, watchedSeconds * 1000));
    return { readyMs, peakMegabytes: await peakOf(daemon.pid ?? 0) };
  } finally {
    daemon.kill('SIGTERM');
    await closed;
  }
}

async function peakOf(pid: number): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : (Number(kibibytes) * 1024) / 1e6;
}
