import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { onTestFinished } from 'vitest';
import type { CameraListener } from '../../src/camera/camera.js';
import type { Frame } from '../../src/camera/frame.js';

/** A listener that keeps what it heard: 'fault: <reason>' and 'recovered'. */
export function recordingListener() {
  const heard: string[] = [];
  const listener: CameraListener = {
    onFault: (reason) => heard.push(`fault: ${reason}`),
    onRecovered: () => heard.push('recovered'),
  };
  return { listener, heard };
}

/** A directory that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-camera-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A picture of one colour. */
export function plain(red: number, green = 0, blue = 0, widthPx = 64, heightPx = 48) {
  return sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: { r: red, g: green, b: blue } } });
}

/** The red of the pixel in the middle: how the tests tell one plain picture from another. */
export function redOf({ rgb, widthPx, heightPx }: Pick<Frame, 'rgb' | 'widthPx' | 'heightPx'>): number {
  return rgb[((heightPx >> 1) * widthPx + (widthPx >> 1)) * 3] ?? -1;
}

/** Lets everything run that is ready to run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Waits in real time until `condition` holds. */
export async function until(what: string, condition: () => boolean, withinMs = 20_000): Promise<void> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 10) {
    if (condition()) return;
    await sleep(10);
  }
  throw new Error(`expected within ${withinMs} ms: ${what}`);
}

/** Whether a process with this id is there, be it as a zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export const hasFfmpeg = spawnSync('ffmpeg', ['-version']).status === 0;
if (!hasFfmpeg) console.warn('ffmpeg is not installed: the tests that need it are skipped');
