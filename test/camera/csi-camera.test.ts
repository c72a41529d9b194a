import { spawnSync } from 'node:child_process';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { csiCamera } from '../../src/camera/csi-camera.js';
import type { CsiCameraConfig } from '../../src/camera/csi-camera.js';
import { argusSource, rpicamSource } from '../../src/camera/csi-source.js';
import type { Frame } from '../../src/camera/frame.js';
import { systemClock } from '../../src/clock.js';
import { configSchema } from '../../src/config-schema.js';
import { root } from '../support/photographs.js';
import { installed } from '../support/programs.js';
import { hasFfmpeg, isAlive, recordingListener, temporaryFolder, until } from './support.js';

const size = { index: 0, fps: 10, widthPx: 640, heightPx: 480 };
const hasGstreamer = hasFfmpeg && installed('gst-launch-1.0') && spawnSync('gst-inspect-1.0', ['videotestsrc']).status === 0;

/** A board with a stand-in for the vendor's program, which notes its process ids. */
async function open(adapter: 'rpicam' | 'jetson-csi', more: object = {}) {
  const stall = { stallMs: 1_500, reconnectMinMs: 100, reconnectMaxMs: 500 };
  const config = configSchema.parse({ camera: { adapter, ...stall, ...more } }).camera as CsiCameraConfig;
  const feeder = join(await temporaryFolder(), 'feeder.mjs');
  await copyFile(join(root, 'test/fakes', adapter === 'rpicam' ? 'rpicam-vid.mjs' : 'gst-launch.mjs'), feeder);
  const { listener, heard } = recordingListener();
  const camera = csiCamera(config, { clock: systemClock, listener }, { feeder });
  const frames: Frame[] = [];
  const ended = (async () => {
    for await (const frame of camera.frames()) frames.push(frame);
  })();
  onTestFinished(() => camera.stop());
  const pids = async () => (await readFile(`${feeder}.pids`, 'utf8')).trim().split('\n').map(Number);
  return { camera, frames, heard, pids, ended };
}

const pixel = ({ rgb, widthPx, heightPx }: Frame, x: number, y: number) => {
  const at = (Math.floor(y * heightPx) * widthPx + Math.floor(x * widthPx)) * 3;
  return [...rgb.subarray(at, at + 3)];
};

describe('the programs of CSI cameras', () => {
  it('asks rpicam-vid for endless raw frames of this size, and no window', () => {
    const { program, args } = rpicamSource({ ...size, index: 1, sensorMode: '1640:1232' });
    expect([program, ...args].join(' ')).toBe(
      'rpicam-vid --camera 1 --timeout 0 --nopreview --verbose 0 --width 640 --height 480 --framerate 10 --mode 1640:1232 --codec yuv420 --flush --output -',
    );
    expect(rpicamSource({ ...size, fps: 2 }).args.join(' ')).toContain('--framerate 10 ');
    expect(rpicamSource({ ...size, fps: 30 }).args.join(' ')).toContain('--framerate 30 ');
  });

  it('asks nvarguscamerasrc for frames beside standard output', () => {
    const { program, args } = argusSource({ ...size, index: 1, sensorMode: 4 });
    expect([program, ...args].join(' ')).toBe(
      'gst-launch-1.0 -q nvarguscamerasrc sensor-id=1 sensor-mode=4 ! video/x-raw(memory:NVMM),format=NV12 ! queue max-size-buffers=1 leaky=downstream ! nvvidconv ! video/x-raw,format=I420,width=640,height=480 ! fdsink fd=3 sync=false',
    );
  });

  it('refuses widths at which rows are padded, and a mode that is none', () => {
    const refusal = (camera: object) => configSchema.safeParse({ camera }).error?.issues.map(({ message }) => message);
    expect(refusal({ adapter: 'rpicam', widthPx: 600 })).toEqual(['expected a multiple of 64']);
    expect(refusal({ adapter: 'jetson-csi', heightPx: 481 })).toEqual(['expected an even number']);
    expect(refusal({ adapter: 'rpicam', sensorMode: '; reboot' })).toEqual([
      'expected a mode such as 1640:1232 or 1640:1232:10:P',
    ]);
    expect(refusal({ adapter: 'rpicam' })).toBeUndefined();
  });
});

describe.skipIf(!hasFfmpeg)('a Raspberry Pi camera', () => {
  it('delivers upright frames of full range at the wanted rate, and ends every program in order', async () => {
    const { camera, frames, heard, pids, ended } = await open('rpicam', { fps: 5 });
    await until('frames', () => (frames.at(-1)?.sequence ?? 0) > 10);
    expect(frames[0]).toMatchObject({ widthPx: 640, heightPx: 480, source: 'rpicam:0' });
    for (const value of pixel(frames[0], 0.1, 0.1)) expect(value).toBeGreaterThan(250);
    const [first, last] = [frames[0], frames.at(-1)!];
    const rate = (last.sequence - first.sequence) / ((last.capturedAtMs - first.capturedAtMs) / 1000);
    expect(rate).toBeLessThan(8); // 10 a second come, 5 are asked for
    expect(heard).toEqual([]);
    await camera.stop();
    await ended;
    expect(await pids()).toHaveLength(1);
    for (const pid of await pids()) expect(isAlive(pid)).toBe(false);
  });

  it('turns and cuts them like those of every other camera', async () => {
    const { frames } = await open('rpicam', { rotateDeg: 90, region: { left: 0.5, top: 0, width: 0.5, height: 0.5 } });
    await until('a frame', () => frames.length > 0);
    // Upright the picture is 480 x 640, scaled after the cut, never up; the white corner is above right now.
    expect(frames[0]).toMatchObject({ widthPx: 240, heightPx: 320 });
    for (const value of pixel(frames[0], 0.9, 0.1)) expect(value).toBeGreaterThan(250);
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)('is well again after %s to its program, and within 2 s a fault', async (signal) => {
    const { camera, frames, heard, pids, ended } = await open('rpicam');
    await until('frames', () => frames.length > 3);
    heard.length = 0; // of a slow start on a busy machine
    // The stand-in's ffmpeg is its child: as one program, they are stopped as one.
    const [feeder] = await pids();
    const children = (await readFile(`/proc/${feeder}/task/${feeder}/children`, 'utf8')).trim().split(' ').map(Number);
    onTestFinished(() => children.filter(isAlive).forEach((pid) => process.kill(pid, 'SIGKILL')));
    const atMs = performance.now();
    for (const pid of [...children, feeder]) process.kill(pid, signal);
    await until('the fault', () => heard.length > 0);
    expect(performance.now() - atMs).toBeLessThan(4_000); // 1.8 s at most on an idle machine
    expect(heard[0]).toMatch(signal === 'SIGKILL' ? /feeder\.mjs was ended by SIGKILL/ : /no frame for 1500 ms/);
    await until('the recovery', () => heard.at(-1) === 'recovered');
    await camera.stop();
    await ended;
    for (const pid of await pids()) expect(isAlive(pid)).toBe(false);
  });

  it('says what the program says of a camera that is not there', async () => {
    const { heard } = await open('rpicam', { index: 1 });
    await until('the fault', () => heard.length > 0);
    expect(heard[0]).toMatch(
      /^fault: .*feeder\.mjs ended with status 255: ERROR: \*\*\* selected camera is not available \*\*\*$/,
    );
  });

  it('says what to install', async () => {
    const { listener, heard } = recordingListener();
    const config = configSchema.parse({ camera: { adapter: 'rpicam' } }).camera as CsiCameraConfig;
    const camera = csiCamera(config, { clock: systemClock, listener }, { feeder: 'facelatch-no-such-rpicam' });
    const ended = camera.frames()[Symbol.asyncIterator]().next();
    await until('the fault', () => heard.length > 0);
    await camera.stop();
    await ended;
    expect(heard).toEqual(['fault: the program "facelatch-no-such-rpicam" is not installed (apt-get install rpicam-apps)']);
  });

  it('leaves no vendor program behind where ffmpeg is missing', async () => {
    const feeder = join(await temporaryFolder(), 'feeder.mjs');
    await copyFile(join(root, 'test/fakes/rpicam-vid.mjs'), feeder);
    const { listener, heard } = recordingListener();
    const config = configSchema.parse({ camera: { adapter: 'rpicam', reconnectMinMs: 60_000, reconnectMaxMs: 60_000 } });
    const camera = csiCamera(
      config.camera as CsiCameraConfig,
      { clock: systemClock, listener },
      { feeder, ffmpeg: 'facelatch-no-such-ffmpeg' },
    );
    const ended = camera.frames()[Symbol.asyncIterator]().next();
    await until('the fault', () => heard.length > 0);
    expect(heard).toEqual(['fault: the program "facelatch-no-such-ffmpeg" is not installed (apt-get install ffmpeg)']);
    await camera.stop();
    await ended;
    const pids = await readFile(`${feeder}.pids`, 'utf8').catch(() => '');
    for (const pid of pids.split('\n').filter(Boolean)) expect(isAlive(Number(pid))).toBe(false);
  });
});

describe.skipIf(!hasGstreamer)('a Jetson camera', () => {
  it('delivers whole frames, whatever is printed to standard output, and ends every program', async () => {
    const { camera, frames, heard, pids, ended } = await open('jetson-csi', { fps: 10, frozenMs: 0 });
    await until('frames', () => (frames.at(-1)?.sequence ?? 0) > 10);
    expect(frames[0]).toMatchObject({ widthPx: 640, heightPx: 480, source: 'jetson-csi:0' });
    // The bars of SMPTE from the left: grey, yellow, cyan, green, magenta, red, blue. Scaled, and of limited range.
    const colours = [0.1, 0.2, 0.36, 0.5, 0.64, 0.78, 0.93].map((x) => pixel(frames.at(-1)!, x, 0.2).map((value) => value > 96));
    expect(colours.map((rgb) => rgb.map(Number).join(''))).toEqual(['111', '110', '011', '010', '101', '100', '001']);
    expect(heard).toEqual([]);
    await camera.stop();
    await ended;
    for (const pid of await pids()) expect(isAlive(pid)).toBe(false);
  });
});
