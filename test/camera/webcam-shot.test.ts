import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { nodeWebcamShot } from '../../src/camera/webcam-shot.js';
import { temporaryFolder } from './support.js';

const options = { device: '/dev/video0', widthPx: 640, heightPx: 480 };

/** Puts a program of this name first on the PATH; its arguments land in a file. */
async function installFswebcam(script: string) {
  const folder = await temporaryFolder();
  const program = join(folder, 'fswebcam');
  await writeFile(program, `#!/bin/sh\necho "$@" > ${folder}/arguments\nfor last; do :; done\n${script}\n`);
  await chmod(program, 0o755);
  const path = process.env['PATH'] ?? '';
  process.env['PATH'] = folder + delimiter + path;
  onTestFinished(() => {
    process.env['PATH'] = path;
  });
  return { folder, calledWith: () => readFile(join(folder, 'arguments'), 'utf8') };
}

describe('nodeWebcamShot', () => {
  it('has fswebcam write one JPEG of this device and size', async () => {
    const { folder, calledWith } = await installFswebcam('echo shot > "$last"');
    await nodeWebcamShot(options)(join(folder, '1.jpg'));
    expect(await readFile(join(folder, '1.jpg'), 'utf8')).toBe('shot\n');
    expect((await calledWith()).trim().split(/\s+/)).toEqual([
      ...['-q', '-r', '640x480', '--jpeg', '95', '-d', '/dev/video0', '--no-banner', join(folder, '1.jpg')],
    ]);
  });

  it('says what fswebcam said when it fails', async () => {
    const { folder } = await installFswebcam('echo "Error opening device: /dev/video0" >&2; exit 1');
    await expect(nodeWebcamShot(options)(join(folder, '1.jpg'))).rejects.toThrow(
      'expected frames from /dev/video0, received: fswebcam failed: Error opening device: /dev/video0',
    );
  });

  it('says that there is no webcam', async () => {
    const { folder } = await installFswebcam('echo "stat: No such file or directory" >&2');
    await expect(nodeWebcamShot(options)(join(folder, '1.jpg'))).rejects.toThrow('No webcam found');
  });

  it('says what to install where fswebcam is missing', async () => {
    const folder = await temporaryFolder();
    const { PATH } = process.env;
    onTestFinished(() => {
      process.env['PATH'] = PATH;
    });
    // A PATH with nothing but the shell's own needs and "timeout", which says 127 for a program that it does not find.
    await writeFile(join(folder, 'timeout'), '#!/bin/sh\nexit 127\n');
    await chmod(join(folder, 'timeout'), 0o755);
    process.env['PATH'] = folder;
    await expect(nodeWebcamShot(options)(join(folder, '1.jpg'))).rejects.toThrow(
      'the program "fswebcam" is not installed (apt-get install fswebcam)',
    );
  });

  it.each([
    '/dev/video0; touch /tmp/x',
    '/dev/video0 --exec reboot',
    '/dev/video0\n',
    '$(reboot)',
    '/dev/videoX',
    '/dev/video0`id`',
    '',
  ])('refuses the device %j', (device) => {
    expect(() => nodeWebcamShot({ ...options, device })).toThrow(expect.objectContaining({ code: 'CAMERA_UNAVAILABLE' }));
  });

  it('refuses a size that is not in whole pixels', () => {
    expect(() => nodeWebcamShot({ ...options, widthPx: Number.NaN })).toThrow(/whole pixels/);
  });

  it.each(['/tmp/a b.jpg', '/tmp/a;reboot', '/tmp/$(id).jpg', 'relative.jpg', '/tmp/a\nb.jpg'])(
    'refuses the temporary file %j',
    async (file) => {
      await expect(nodeWebcamShot(options)(file)).rejects.toMatchObject({ code: 'CAMERA_UNAVAILABLE' });
    },
  );
});
