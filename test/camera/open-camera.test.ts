import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderCamera } from '../../src/camera/folder-camera.js';
import { openCamera } from '../../src/camera/open-camera.js';
import { ProcessCamera } from '../../src/camera/process-camera.js';
import { WebcamCamera } from '../../src/camera/webcam-camera.js';
import { systemClock } from '../../src/clock.js';
import { configSchema } from '../../src/config-schema.js';
import type { Config } from '../../src/config-schema.js';
import { plain, recordingListener, temporaryFolder } from './support.js';

function open(camera: unknown) {
  const config: Config = configSchema.parse({ camera });
  const { listener, heard } = recordingListener();
  const dependencies = { clock: systemClock, listener, maxPicturePixels: config.maxPicturePixels };
  return { camera: openCamera(config.camera, { ...dependencies, pace: 'every-frame' }), heard };
}

describe('openCamera', () => {
  it('chooses the adapter', () => {
    expect(open({ adapter: 'folder', path: '/srv/frames' }).camera).toBeInstanceOf(FolderCamera);
    expect(open({ adapter: 'ffmpeg', input: '/dev/video0' }).camera).toBeInstanceOf(ProcessCamera);
    expect(open({ adapter: 'webcam' }).camera).toBeInstanceOf(WebcamCamera);
  });

  it('starts nothing: a camera that was never watched can be stopped', async () => {
    const { camera, heard } = open({ adapter: 'ffmpeg', input: '/dev/video999' });
    await camera.stop();
    expect(heard).toEqual([]);
  });

  it('refuses an input that is no camera, before anything starts', () => {
    expect(() => open({ adapter: 'ffmpeg', input: 'concat:/etc/passwd' })).toThrow(
      expect.objectContaining({ code: 'CAMERA_UNAVAILABLE', exitStatus: 7 }),
    );
  });

  it('plays a folder with the clock of the machine', async () => {
    const path = await temporaryFolder();
    for (const name of ['1.jpg', '2.jpg', '3.jpg']) await writeFile(join(path, name), await plain(80).jpeg().toBuffer());
    const { camera } = open({ adapter: 'folder', path, fps: 100, loop: false });
    const times: number[] = [];
    for await (const frame of camera.frames()) times.push(frame.capturedAtMs);
    expect(times).toHaveLength(3);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});
