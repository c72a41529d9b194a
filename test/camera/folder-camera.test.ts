import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import { FolderCamera } from '../../src/camera/folder-camera.js';
import type { FolderCameraOptions } from '../../src/camera/folder-camera.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { plain, recordingListener, redOf, settle, temporaryFolder } from './support.js';

/** A folder of plain pictures, told apart by their red. */
async function folderOf(pictures: Readonly<Record<string, number>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, red] of Object.entries(pictures)) await writeFile(join(folder, name), await plain(red).png().toBuffer());
  return folder;
}

function open(path: string, options: Partial<FolderCameraOptions> = {}) {
  const clock = new FakeClock();
  const { listener, heard } = recordingListener();
  const camera = new FolderCamera({ path, fps: 10, loop: false, maxPicturePixels: 1e6, ...options }, clock, listener);
  return { camera, clock, heard };
}

/** Takes frames one by one while the clock moves on by `stepMs` after each. */
async function play({ camera, clock }: ReturnType<typeof open>, stepMs: number, atMost = Infinity): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of camera.frames()) {
    frames.push(frame);
    if (frames.length >= atMost) break;
    await settle();
    clock.advance(stepMs);
  }
  return frames;
}

const three = { 'a.png': 10, 'b.png': 20, 'c.png': 30 };

describe('FolderCamera', () => {
  it('plays the pictures once, in the order in which a person counts, and passes over what is no picture', async () => {
    const folder = await folderOf({ '10.png': 10, '2.png': 2, '1.PNG': 1, '.hidden.png': 99 });
    await writeFile(join(folder, 'notes.txt'), 'not a picture');
    await mkdir(join(folder, 'older'));
    const frames = await play(open(folder), 100);
    expect(frames.map(({ source }) => source)).toEqual(['1.PNG', '2.png', '10.png']);
    expect(frames.map(redOf)).toEqual([1, 2, 10]);
    expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  it('shows a picture in each period and stamps it with the monotonic time', async () => {
    const frames = await play(open(await folderOf(three), { fps: 4 }), 250);
    expect(frames.map(({ capturedAtMs }) => capturedAtMs)).toEqual([0, 250, 500]);
  });

  it('begins again after the last picture when looped', async () => {
    const frames = await play(open(await folderOf(three), { loop: true }), 100, 7);
    expect(frames.map(redOf)).toEqual([10, 20, 30, 10, 20, 30, 10]);
    expect(frames.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('passes over the pictures whose time has gone by, like a camera', async () => {
    const folder = await folderOf({ '1.png': 1, '2.png': 2, '3.png': 3, '4.png': 4, '5.png': 5, '6.png': 6, '7.png': 7 });
    const frames = await play(open(folder), 250);
    expect(frames.map(({ source, sequence, capturedAtMs }) => [source, sequence, capturedAtMs])).toEqual([
      ['1.png', 1, 0],
      ['3.png', 3, 250],
      ['6.png', 6, 500],
    ]);
  });

  it('shows every picture at the pace of every-frame, however slow the consumer is', async () => {
    const frames = await play(open(await folderOf(three), { pace: 'every-frame' }), 5_000);
    expect(frames.map(({ source, sequence, capturedAtMs }) => [source, sequence, capturedAtMs])).toEqual([
      ['a.png', 1, 0],
      ['b.png', 2, 5_000],
      ['c.png', 3, 10_000],
    ]);
  });

  it.each(['realtime', 'every-frame'] as const)('reports a broken picture once and goes on (%s)', async (pace) => {
    const folder = await folderOf(three);
    await writeFile(join(folder, 'b.png'), 'broken');
    const { clock, camera, heard } = open(folder, { pace, loop: true });
    const reds: number[] = [];
    const playing = (async () => {
      for await (const frame of camera.frames()) {
        reds.push(redOf(frame));
        if (reds.length >= 6 && heard.length >= 2) break;
      }
      return true;
    })();
    // Decoding takes real time, so the clock moves on until all is seen.
    while (!(await Promise.race([playing, settle()]))) clock.advance(20);
    for (const red of reds) expect([10, 30]).toContain(red);
    expect(heard).toHaveLength(2);
    expect(heard[0]).toMatch(/^fault: expected a whole JPEG.*b\.png/);
    expect(heard[1]).toBe('recovered');
  });

  it('says that a directory is missing', async () => {
    const path = join(await temporaryFolder(), 'nowhere');
    await expect(play(open(path), 100)).rejects.toMatchObject({ code: 'CAMERA_UNAVAILABLE', exitStatus: 7 });
    await expect(play(open(path), 100)).rejects.toThrow(/expected frames from .*nowhere, received: .*no such file or directory/);
  });

  it.each(['realtime', 'every-frame'] as const)('says that a directory has no picture (%s)', async (pace) => {
    const path = await temporaryFolder();
    await expect(play(open(path, { pace }), 100)).rejects.toThrow(/no JPEG, PNG, WebP or TIFF file in this directory/);
  });

  it('says that a directory has no picture that can be decoded', async () => {
    const path = await temporaryFolder();
    await writeFile(join(path, 'a.jpg'), 'broken');
    await expect(play(open(path, { loop: true }), 100)).rejects.toThrow(/no picture that can be decoded/);
  });

  it.each(['realtime', 'every-frame'] as const)('ends when it is stopped, and may be stopped twice (%s)', async (pace) => {
    const { camera } = open(await folderOf(three), { pace, loop: true });
    const frames = camera.frames();
    expect((await frames.next()).value).toMatchObject({ source: 'a.png' });
    const next = frames.next(); // waits for a clock that stands still
    await settle();
    await camera.stop();
    await camera.stop();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('shows nothing when it was stopped before', async () => {
    const opened = open(await folderOf(three));
    await opened.camera.stop();
    expect(await play(opened, 100)).toEqual([]);
  });
});
