import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import type { Ending } from '../../src/camera/child-program.js';
import type { StartFrameProcess } from '../../src/camera/frame-process.js';
import type { Picture } from '../../src/camera/picture.js';
import { ProcessCamera } from '../../src/camera/process-camera.js';
import type { ProcessCameraOptions } from '../../src/camera/process-camera.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { recordingListener, settle } from './support.js';

const picture: Picture = { widthPx: 2, heightPx: 1, rgb: new Uint8Array(6) };

/** The programs that a camera has started, each to be led by the test. */
function fakePrograms() {
  const started: { onPicture: (picture: Picture) => void; end: (ending: Ending) => void; kills: number }[] = [];
  const start: StartFrameProcess = (_command, _clock, onPicture) => {
    let end: (ending: Ending) => void = () => undefined;
    const ended = new Promise<Ending>((resolve) => (end = resolve));
    const program = { onPicture, end, kills: 0 };
    started.push(program);
    return {
      ended,
      kill() {
        program.kills++;
        end({ clean: false, reason: 'program was ended by SIGTERM' });
        return ended;
      },
    };
  };
  return { start, started };
}

/** @param looking when somebody iterates the frames */
function open(options: Partial<ProcessCameraOptions> = {}, looking = Promise.resolve()) {
  const clock = new FakeClock();
  const { listener, heard } = recordingListener();
  const { start, started } = fakePrograms();
  const command = {
    ...{ program: 'ffmpeg', args: [], fromPackage: 'ffmpeg', source: 'front camera', maxPixels: 100 },
    redact: (text: string) => text,
  };
  const camera = new ProcessCamera(
    {
      ...{ command, finite: false, stallMs: 1_000, frozenMs: 0, firstFrameMs: 5_000, reconnectMinMs: 500, reconnectMaxMs: 4_000 },
      ...options,
    },
    { clock, listener, start, random: () => 0 },
  );
  const frames: Frame[] = [];
  const watching = (async () => {
    const shown = camera.frames();
    await looking;
    for await (const frame of shown) frames.push(frame);
  })();
  const last = () => started.at(-1)!;
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { camera, clock, heard, started, last, frames, watching, pass };
}

describe('ProcessCamera', () => {
  it('hands over the pictures with their time, their number and their source', async () => {
    const { camera, frames, last, pass } = open();
    await settle();
    last().onPicture(picture);
    await pass(100);
    last().onPicture(picture);
    await settle();
    expect(frames).toEqual([
      { ...picture, capturedAtMs: 0, sequence: 1, source: 'front camera' },
      { ...picture, capturedAtMs: 100, sequence: 2, source: 'front camera' },
    ]);
    await camera.stop();
  });

  it('starts the program anew after a pause when it has ended, and tells of both', async () => {
    const { camera, heard, started, last, pass } = open();
    await settle();
    last().onPicture(picture);
    last().end({ clean: true, reason: 'ffmpeg ended with status 0' });
    await settle();
    expect(heard).toEqual(['fault: ffmpeg ended with status 0']);
    await pass(499);
    expect(started).toHaveLength(1);
    await pass(1);
    expect(started).toHaveLength(2);
    expect(heard).toHaveLength(1);
    last().onPicture(picture);
    expect(heard).toEqual(['fault: ffmpeg ended with status 0', 'recovered']);
    await camera.stop();
  });

  it('waits longer after each failure, up to the limit, and tells of an unchanged reason once', async () => {
    const { camera, heard, started, last, pass } = open();
    await settle();
    for (const pauseMs of [1_000, 2_000, 2_000, 2_000]) {
      const before = started.length;
      last().end({ clean: false, reason: 'Connection refused' });
      await pass(0);
      await pass(pauseMs - 1);
      expect(started).toHaveLength(before);
      await pass(1);
      expect(started).toHaveLength(before + 1);
    }
    expect(heard).toEqual(['fault: Connection refused']);
    last().end({ clean: false, reason: 'No route to host' });
    await settle();
    expect(heard).toEqual(['fault: Connection refused', 'fault: No route to host']);
    await camera.stop();
  });

  it('begins with a short pause again after frames have come', async () => {
    const { camera, started, last, pass } = open();
    await settle();
    for (let turn = 0; turn < 3; turn++) {
      last().end({ clean: false, reason: 'Connection refused' });
      await pass(0);
      await pass(2_000);
    }
    expect(started).toHaveLength(4);
    last().onPicture(picture);
    last().end({ clean: false, reason: 'unplugged' });
    await pass(0);
    await pass(500);
    expect(started).toHaveLength(5);
    await camera.stop();
  });

  it('ends a program that stalls, within 1.2 times the limit, and starts it anew', async () => {
    const { camera, heard, started, last, pass } = open();
    await settle();
    await pass(150);
    last().onPicture(picture);
    await pass(1_000);
    await pass(200);
    expect(started[0]?.kills).toBe(1);
    expect(heard).toEqual(['fault: no frame for 1000 ms']);
    await pass(500);
    expect(started).toHaveLength(2);
    last().onPicture(picture);
    expect(heard).toEqual(['fault: no frame for 1000 ms', 'recovered']);
    await camera.stop();
  });

  it('leaves a program alone whose frames come', async () => {
    const { camera, heard, started, last, pass } = open();
    await settle();
    for (let turn = 0; turn < 20; turn++) {
      await pass(900);
      last().onPicture(picture);
    }
    expect(heard).toEqual([]);
    expect(started[0]?.kills).toBe(0);
    await camera.stop();
  });

  it('takes no frame for a recovery that comes after the stall', async () => {
    const { camera, heard, started, last, pass } = open();
    await settle();
    last().onPicture(picture);
    await pass(1_200);
    started[0]?.onPicture(picture);
    expect(heard).toEqual(['fault: no frame for 1000 ms']);
    await camera.stop();
  });

  it('reports a silent start, but gives the program longer for its first frame', async () => {
    const { camera, heard, started, last, pass } = open();
    await settle();
    await pass(1_900);
    expect(heard).toEqual([]);
    await pass(100);
    expect(heard).toEqual(['fault: no frame for 2000 ms']);
    await pass(2_500);
    expect(last().kills).toBe(0);
    last().onPicture(picture);
    expect(heard).toEqual(['fault: no frame for 2000 ms', 'recovered']);
    expect(started).toHaveLength(1);
    await camera.stop();
  });

  it('gives up a program whose first frame never comes', async () => {
    const { camera, started, pass } = open();
    await settle();
    await pass(5_200);
    expect(started[0]?.kills).toBe(1);
    await pass(1_000);
    expect(started).toHaveLength(2);
    await camera.stop();
  });

  it('ends with a finite source, once its last frame was taken', async () => {
    const { frames, heard, started, last, watching, pass } = open({ finite: true });
    await settle();
    last().onPicture(picture);
    last().end({ clean: true, reason: 'ffmpeg ended with status 0' });
    await watching;
    await pass(60_000);
    expect(frames).toHaveLength(1);
    expect(heard).toEqual([]);
    expect(started).toHaveLength(1);
  });

  it('fails with a finite source that cannot be shown', async () => {
    const { last, watching } = open({ finite: true });
    const failing = expect(watching).rejects.toMatchObject({
      code: 'CAMERA_UNAVAILABLE',
      message: 'expected frames from front camera, received: moov atom not found',
    });
    await settle();
    last().end({ clean: false, reason: 'moov atom not found' });
    await failing;
  });

  it('starts when it is asked for its frames, and shows the newest to whoever comes later', async () => {
    let look = () => {};
    const { camera, frames, last, pass } = open({}, new Promise((resolve) => (look = resolve)));
    last().onPicture(picture);
    await pass(100);
    last().onPicture(picture);
    await pass(100);
    look();
    await settle();
    expect(frames).toMatchObject([{ capturedAtMs: 100, sequence: 2 }]);
    await camera.stop();
  });

  it('may be stopped before anybody looks', async () => {
    const { camera, frames, started } = open({}, new Promise(() => {}));
    await camera.stop();
    expect(started[0]?.kills).toBe(1);
    expect(frames).toEqual([]);
  });

  it('stops the program, once, and starts no other', async () => {
    const { camera, heard, started, watching, pass } = open();
    await settle();
    await Promise.all([camera.stop(), camera.stop()]);
    await camera.stop();
    await watching;
    await pass(60_000);
    expect(started).toHaveLength(1);
    expect(started[0]?.kills).toBeGreaterThanOrEqual(1);
    expect(heard).toEqual([]);
  });

  it('stops in the pause between two attempts', async () => {
    const { camera, started, last, watching, pass } = open();
    await settle();
    last().end({ clean: false, reason: 'Connection refused' });
    await settle();
    await camera.stop();
    await watching;
    await pass(60_000);
    expect(started).toHaveLength(1);
  });

  it('frees the camera when its consumer leaves the loop', async () => {
    const { start, started } = fakePrograms();
    const { camera } = open();
    await camera.stop();
    const other = new ProcessCamera(
      {
        command: { program: 'ffmpeg', args: [], fromPackage: 'ffmpeg', source: 'x', maxPixels: 9, redact: String },
        ...{ finite: false, stallMs: 1_000, frozenMs: 0, firstFrameMs: 5_000, reconnectMinMs: 500, reconnectMaxMs: 4_000 },
      },
      { clock: new FakeClock(), listener: recordingListener().listener, start },
    );
    const leaving = (async () => {
      for await (const _frame of other.frames()) break;
    })();
    await settle();
    started[0]?.onPicture(picture);
    await leaving;
    expect(started[0]?.kills).toBe(1);
  });
});
