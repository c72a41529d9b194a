import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import type { TakeShot } from '../../src/camera/webcam-shot.js';
import { WebcamCamera } from '../../src/camera/webcam-camera.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { plain, recordingListener, redOf, settle } from './support.js';

const config = { adapter: 'webcam', device: '/dev/video0', fps: 1, widthPx: 64, heightPx: 48 } as const;

/** A webcam whose shots the test takes, and a clock that moves on whenever nothing else happens. */
function open(takeShot: TakeShot) {
  const clock = new FakeClock();
  const { listener, heard } = recordingListener();
  const camera = new WebcamCamera(config, { clock, listener, maxPicturePixels: 1e6, takeShot, random: () => 0 });
  const take = async (count: number) => {
    const frames: Frame[] = [];
    const taking = (async () => {
      for await (const frame of camera.frames()) if (frames.push(frame) === count) break;
      return true;
    })();
    while (!(await Promise.race([taking, settle()]))) clock.advance(100);
    return frames;
  };
  return { camera, clock, heard, take };
}

/** Shots that get redder, each into the file that is asked for. */
function shots() {
  const files: string[] = [];
  const takeShot: TakeShot = async (file) => {
    files.push(file);
    await writeFile(
      file,
      await plain(files.length * 20)
        .png()
        .toBuffer(),
    );
  };
  return { files, takeShot };
}

describe('WebcamCamera', () => {
  it('gives a frame for each shot', async () => {
    const { files, takeShot } = shots();
    const { heard, take } = open(takeShot);
    const frames = await take(3);
    expect(frames.map(redOf)).toEqual([...frames.map(redOf)].sort((a, b) => a - b));
    expect(frames[0]).toMatchObject({ widthPx: 64, heightPx: 48, sequence: 1, source: '/dev/video0' });
    for (const at of [1, 2]) expect(frames[at].capturedAtMs - frames[at - 1].capturedAtMs).toBeGreaterThan(0);
    expect(new Set(files.map(dirname)).size).toBe(1);
    expect(heard).toEqual([]);
  });

  it('never takes two shots at once', async () => {
    let underWay = 0;
    let most = 0;
    const { takeShot } = shots();
    const { take } = open(async (file) => {
      most = Math.max(most, ++underWay);
      await settle();
      await takeShot(file);
      underWay--;
    });
    await take(4);
    expect(most).toBe(1);
  });

  it('removes every picture after it was read, and the directory at the end', async () => {
    const { files, takeShot } = shots();
    const { take } = open(async (file) => {
      for (const earlier of files) expect(existsSync(earlier)).toBe(false);
      await takeShot(file);
    });
    await take(3);
    expect(files.length).toBeGreaterThanOrEqual(3);
    expect(existsSync(dirname(files[0]))).toBe(false);
  });

  it('tells of a shot that fails, once, and goes on', async () => {
    const { takeShot } = shots();
    let attempts = 0;
    const { heard, take } = open((file) => {
      if (++attempts <= 3) return Promise.reject(new Error('No such device'));
      return takeShot(file);
    });
    await take(1);
    expect(attempts).toBeGreaterThanOrEqual(4);
    expect(heard).toEqual(['fault: No such device', 'recovered']);
  });

  it.each([
    ['writes nothing', () => Promise.resolve(), /no readable file/],
    ['writes no picture', (file: string) => writeFile(file, 'x'), /cannot be decoded/],
  ])('tells of a program that %s', async (_name, broken, reason) => {
    const { takeShot } = shots();
    let attempts = 0;
    const { heard, take } = open((file) => (++attempts === 1 ? broken(file) : takeShot(file)));
    await take(1);
    expect(heard[0]).toMatch(reason);
    expect(heard[1]).toBe('recovered');
  });

  it('ends when it is stopped, and may be stopped twice', async () => {
    const { files, takeShot } = shots();
    const { camera } = open(takeShot);
    const frames = camera.frames()[Symbol.asyncIterator]();
    await frames.next();
    const next = frames.next();
    await camera.stop();
    await camera.stop();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(files).toHaveLength(1);
    expect(existsSync(dirname(files[0]))).toBe(false);
  });
});
