import { spawnSync } from 'node:child_process';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Camera } from '../../src/camera/camera.js';
import { ffmpegCamera } from '../../src/camera/ffmpeg-camera.js';
import type { FfmpegCameraConfig } from '../../src/camera/ffmpeg-camera.js';
import type { Frame } from '../../src/camera/frame.js';
import { systemClock } from '../../src/clock.js';
import { MjpegServer } from './mjpeg-server.js';
import { serveRtsp } from './rtsp-server.js';
import { hasFfmpeg, isAlive, plain, recordingListener, redOf, temporaryFolder, until } from './support.js';

const whole = { left: 0, top: 0, width: 1, height: 1 };

/** A camera with ffmpeg, of which the test knows the process ids. */
async function open(config: Partial<FfmpegCameraConfig> & { input: string }) {
  const folder = await temporaryFolder();
  const program = join(folder, 'ffmpeg');
  await writeFile(program, `#!/bin/sh\necho $$ >> ${folder}/pids\nexec ffmpeg "$@"\n`);
  await chmod(program, 0o755);
  const { listener, heard } = recordingListener();
  const camera = ffmpegCamera(
    {
      ...{ adapter: 'ffmpeg', fps: 10, widthPx: 640, heightPx: 480 },
      ...{ stallMs: 1_500, frozenMs: 0, reconnectMinMs: 100, reconnectMaxMs: 500 },
      ...{ rotateDeg: 0, mirror: false, region: whole },
      ...config,
    },
    { clock: systemClock, listener },
    program,
  );
  onTestFinished(() => camera.stop());
  const pids = async () => (await readFile(join(folder, 'pids'), 'utf8')).trim().split('\n').map(Number);
  return { camera, heard, pids };
}

/** Keeps the frames of a camera while they come. */
function watch(camera: Camera) {
  const frames: Frame[] = [];
  const ended = (async () => {
    for await (const frame of camera.frames()) frames.push(frame);
  })();
  return { frames, ended };
}

async function makeVideo(folder: string, size: string): Promise<string> {
  const path = join(folder, 'door: one.mp4');
  const made = spawnSync('ffmpeg', [
    ...['-nostdin', '-loglevel', 'error', '-f', 'lavfi', '-i', `testsrc=size=${size}:rate=25:duration=2`],
    ...['-c:v', 'mpeg4', '-y', `file:${path}`],
  ]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
  return path;
}

describe.skipIf(!hasFfmpeg)('ffmpegCamera', () => {
  it('plays a video file once, at its own speed, at the wanted rate, scaled down to fit', async () => {
    const { camera, heard, pids } = await open({ input: await makeVideo(await temporaryFolder(), '1280x720'), stallMs: 10_000 });
    const startMs = performance.now();
    const { frames, ended } = watch(camera);
    await ended;
    expect(performance.now() - startMs).toBeGreaterThan(1_700);
    // Two seconds at 10 fps; a machine under load may miss some of them.
    expect(frames.length).toBeGreaterThan(10);
    expect(frames.at(-1)?.sequence).toBeGreaterThanOrEqual(18);
    expect(frames.at(-1)?.sequence).toBeLessThanOrEqual(21);
    expect(frames[0]).toMatchObject({ widthPx: 640, heightPx: 360, rgb: { length: 640 * 360 * 3 } });
    expect(heard).toEqual([]);
    expect(await pids()).toHaveLength(1);
  });

  it('does not scale up', async () => {
    const { camera } = await open({ input: await makeVideo(await temporaryFolder(), '160x120') });
    for await (const frame of camera.frames()) {
      expect(frame).toMatchObject({ widthPx: 160, heightPx: 120 });
      break;
    }
  });

  it('says why a video file cannot be played', async () => {
    const folder = await temporaryFolder();
    const missing = await open({ input: join(folder, 'nothing.mp4') });
    await expect(watch(missing.camera).ended).rejects.toThrow(/nothing\.mp4.*No such file or directory/);
    await writeFile(join(folder, 'text.mp4'), 'this is no video');
    const broken = await open({ input: join(folder, 'text.mp4') });
    await expect(watch(broken.camera).ended).rejects.toMatchObject({ code: 'CAMERA_UNAVAILABLE' });
  });

  it('shows what a network camera shows now, as MJPEG over HTTP', async () => {
    const server = new MjpegServer(await plain(200, 200, 200, 320, 240).jpeg().toBuffer());
    const { camera, heard } = await open({ input: await server.start(), stallMs: 10_000 });
    const { frames, ended } = watch(camera);
    await until('a frame', () => frames.length > 0);
    expect(frames[0]).toMatchObject({ widthPx: 320, heightPx: 240 });
    expect(Math.abs(redOf(frames[0]) - 200)).toBeLessThan(8);
    server.picture = await plain(20, 20, 20, 320, 240).jpeg().toBuffer();
    await until('the new picture', () => redOf(frames.at(-1)!) < 30);
    // 20 pictures a second are sent, at most 10 of them asked for; over 3 s, since they do not arrive evenly.
    await until('more frames', () => frames.at(-1)!.sequence > 30);
    const [first, last] = [frames[0], frames.at(-1)!];
    expect(last.capturedAtMs).toBeGreaterThan(first.capturedAtMs);
    const rate = (last.sequence - first.sequence) / ((last.capturedAtMs - first.capturedAtMs) / 1000);
    expect(rate).toBeLessThan(16);
    expect(heard).toEqual([]);
    await camera.stop();
    await ended;
  });

  it('notices a network camera that stalls, and recovers when it goes on', async () => {
    const server = new MjpegServer(await plain(50).jpeg().toBuffer());
    const { camera, heard } = await open({ input: await server.start() });
    const { frames } = watch(camera);
    await until('a frame', () => frames.length > 0);
    heard.length = 0; // of a slow start on a busy machine
    server.stalled = true;
    const stalledMs = performance.now();
    await until('the fault', () => heard.length === 1);
    expect(performance.now() - stalledMs).toBeLessThan(4_000); // 1.8 s on an idle machine
    expect(heard).toEqual(['fault: no frame for 1500 ms']);
    const before = frames.length;
    await until('another attempt', () => server.requests > 1);
    server.stalled = false;
    await until('the recovery', () => heard.at(-1) === 'recovered' && frames.length > before);
  });

  it('notices a frozen picture and a black one, and recovers from both', async () => {
    const noise = () =>
      sharp({
        create: { width: 64, height: 48, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 120, sigma: 30 } },
      });
    const server = new MjpegServer(await noise().jpeg().toBuffer());
    const alive = setInterval(() => {
      void noise()
        .jpeg()
        .toBuffer()
        .then((jpeg) => (picture = jpeg));
      if (living) server.picture = picture;
    }, 50);
    let living = true;
    let picture = server.picture;
    onTestFinished(() => clearInterval(alive));
    const { camera, heard, pids } = await open({ input: await server.start(), frozenMs: 1_500, stallMs: 10_000 });
    const { frames } = watch(camera);
    await until('frames', () => frames.length > 20);
    expect(heard).toEqual([]);

    living = false;
    await until('the fault', () => heard.length > 0);
    expect(heard).toEqual(['fault: the picture is frozen']);
    // Perhaps it was the program: it is started anew, once.
    await until('another program', () => server.requests === 2);
    living = true;
    await until('the recovery', () => heard.at(-1) === 'recovered');

    living = false;
    server.picture = await plain(3, 2, 4).jpeg().toBuffer();
    await until('the fault', () => heard.length > 2);
    expect(heard.slice(0, 3)).toEqual(['fault: the picture is frozen', 'recovered', 'fault: the picture is black']);
    living = true;
    await until('the recovery', () => heard.at(-1) === 'recovered');
    expect((await pids()).length).toBeLessThanOrEqual(3);
  });

  it('turns, mirrors and cuts the picture as a person would see it', async () => {
    // Red above left, green above right, blue below.
    const quarter = (colour: string) => sharp({ create: { width: 160, height: 120, channels: 3, background: colour } });
    const place = async (colour: string, left: number, top: number) => ({
      input: await quarter(colour).png().toBuffer(),
      ...{ left, top },
    });
    const jpeg = await sharp({ create: { width: 320, height: 240, channels: 3, background: '#00f' } })
      .composite([await place('#f00', 0, 0), await place('#0f0', 160, 0)])
      .jpeg({ chromaSubsampling: '4:4:4' })
      .toBuffer();
    const url = await new MjpegServer(jpeg).start();
    const corners = async (config: Partial<FfmpegCameraConfig>) => {
      const { camera } = await open({ input: url, ...config });
      for await (const { rgb, widthPx, heightPx } of camera.frames()) {
        const colour = (x: number, y: number) => {
          const at = (Math.floor(y * heightPx) * widthPx + Math.floor(x * widthPx)) * 3;
          return 'rgb'.charAt([0, 1, 2].sort((a, b) => rgb[at + b] - rgb[at + a])[0]);
        };
        return `${widthPx}x${heightPx} ${colour(0.2, 0.2)}${colour(0.8, 0.2)}${colour(0.2, 0.8)}${colour(0.8, 0.8)}`;
      }
      return 'no frame';
    };
    expect(await corners({})).toBe('320x240 rgbb');
    expect(await corners({ rotateDeg: 90 })).toBe('240x320 brbg');
    expect(await corners({ rotateDeg: 180 })).toBe('320x240 bbgr');
    expect(await corners({ rotateDeg: 270, mirror: true })).toBe('240x320 bgbr');
    expect(await corners({ mirror: true })).toBe('320x240 grbb');
    expect(await corners({ region: { left: 0.5, top: 0, width: 0.5, height: 0.5 } })).toBe('160x120 gggg');
  });

  it('notices a network camera that goes away, and recovers when it is back', async () => {
    const server = new MjpegServer(await plain(50).jpeg().toBuffer());
    const { camera, heard } = await open({ input: await server.start() });
    const { frames } = watch(camera);
    await until('a frame', () => frames.length > 0);
    heard.length = 0;
    await server.stop();
    await until('a refused attempt', () => heard.some((line) => line.includes('Connection refused')));
    expect(heard).not.toContain('recovered');
    const before = frames.length;
    await server.start();
    await until('the recovery', () => heard.at(-1) === 'recovered' && frames.length > before);
    expect(frames.map(({ sequence }) => sequence)).toEqual(frames.map(({ sequence }) => sequence).sort((a, b) => a - b));
  });

  it.each(['SIGKILL', 'SIGSTOP'] as const)('recovers from an ffmpeg that got %s, and leaves no process', async (signal) => {
    const server = new MjpegServer(await plain(50).jpeg().toBuffer());
    const { camera, heard, pids } = await open({ input: await server.start() });
    const { frames, ended } = watch(camera);
    await until('a frame', () => frames.length > 0);
    heard.length = 0;
    process.kill((await pids())[0], signal);
    await until('the recovery', () => heard.at(-1) === 'recovered');
    expect(heard[0]).toMatch(signal === 'SIGKILL' ? /was ended by SIGKILL/ : /no frame for 1500 ms/);
    await camera.stop();
    await camera.stop();
    await ended;
    expect((await pids()).length).toBeGreaterThanOrEqual(2);
    for (const pid of await pids()) expect(isAlive(pid)).toBe(false);
  });

  it('tells what a camera answers that is none', async () => {
    const { camera, heard } = await open({ input: '/dev/video999' });
    watch(camera);
    await until('the fault', () => heard.length > 0);
    expect(heard[0]).toMatch(/^fault: .*\/dev\/video999: No such file or directory/);
  });

  it('shows an RTSP camera, over TCP and with a password', async () => {
    const port = await serveRtsp('admin:hunter22');
    const { camera, heard } = await open({ input: `rtsp://admin:hunter22@127.0.0.1:${port}/live`, stallMs: 10_000 });
    const { frames } = watch(camera);
    await until('frames', () => frames.length >= 3);
    expect(frames[0]).toMatchObject({ widthPx: 320, heightPx: 240, source: `rtsp://***@127.0.0.1:${port}/live` });
    expect(heard).toEqual([]);
  });

  it('never tells the password of a camera', async () => {
    const port = await serveRtsp('admin:another');
    const { camera, heard } = await open({ input: `rtsp://admin:hunter22@127.0.0.1:${port}/live` });
    watch(camera);
    await until('the fault', () => heard.some((line) => line.includes('401')));
    expect(heard.join()).not.toContain('hunter22');
  });
});

describe('ffmpegCamera without ffmpeg', () => {
  it('says what to install', async () => {
    const { listener, heard } = recordingListener();
    const camera = ffmpegCamera(
      {
        ...{ adapter: 'ffmpeg', input: '/dev/video0', fps: 10, widthPx: 640, heightPx: 480 },
        ...{ stallMs: 1_500, frozenMs: 0, reconnectMinMs: 100, reconnectMaxMs: 500 },
        ...{ rotateDeg: 0, mirror: false, region: whole },
      },
      { clock: systemClock, listener },
      'facelatch-no-such-ffmpeg',
    );
    const { ended } = watch(camera);
    await until('the fault', () => heard.length > 0);
    await camera.stop();
    await ended;
    expect(heard).toEqual(['fault: the program "facelatch-no-such-ffmpeg" is not installed (apt-get install ffmpeg)']);
  });
});
