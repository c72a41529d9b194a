import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startFrameProcess } from '../../src/camera/frame-process.js';
import type { FrameCommand } from '../../src/camera/frame-process.js';
import type { Picture } from '../../src/camera/picture.js';
import { redact } from '../../src/camera/redact.js';
import { systemClock } from '../../src/clock.js';
import { isAlive, temporaryFolder, until } from './support.js';

/** Runs a script in Node in the place of ffmpeg. */
function run(script: string, command: Partial<FrameCommand> = {}) {
  const pictures: Picture[] = [];
  const program = startFrameProcess(
    {
      ...{ program: process.execPath, args: ['-e', script], fromPackage: 'ffmpeg', source: 'front camera' },
      ...{ maxPixels: 100, redact },
      ...command,
    },
    systemClock,
    (picture) => pictures.push(picture),
  );
  return { ...program, pictures };
}

const onePicture = `process.stdout.write(Buffer.concat([Buffer.from('P6\\n2 1\\n255\\n'), Buffer.from([1,2,3,4,5,6])]));`;
const forever = 'setInterval(() => {}, 1000);';

describe('startFrameProcess', () => {
  it('delivers the pictures and how the program ended', async () => {
    const { ended, pictures } = run(onePicture + onePicture);
    expect(await ended).toMatchObject({ clean: true, reason: expect.stringMatching(/ended with status 0$/) });
    expect(pictures.map(({ widthPx, heightPx, rgb }) => [widthPx, heightPx, ...rgb])).toEqual([
      [2, 1, 1, 2, 3, 4, 5, 6],
      [2, 1, 1, 2, 3, 4, 5, 6],
    ]);
  });

  it('repeats the last words of the program without the credentials in them', async () => {
    const { ended } = run(`
      process.stderr.write('Input #0\\n[rtsp @ 0x55d0] method DESCRIBE failed: 401\\n');
      process.stderr.write('[in#0 @ 0x55d0] rtsp://admin:hunter22@10.0.0.5/live: Unauthorized\\nConversion failed!\\n');
      process.exitCode = 1;`);
    const { clean, reason } = await ended;
    expect(clean).toBe(false);
    expect(reason).toMatch(/ ended with status 1: rtsp:\/\/\*\*\*@10\.0\.0\.5\/live: Unauthorized$/);
  });

  it('keeps its report short, whatever the program writes', async () => {
    const { ended } = run(`process.stderr.write('x'.repeat(1_000_000)); process.exitCode = 1;`);
    expect((await ended).reason.length).toBeLessThan(500);
  });

  it('tells what to install where the program is missing', async () => {
    const { ended } = run('', { program: 'facelatch-no-such-program' });
    expect(await ended).toEqual({
      clean: false,
      reason: 'the program "facelatch-no-such-program" is not installed (apt-get install ffmpeg)',
    });
  });

  it('tells why a program cannot be started', async () => {
    const { ended } = run('', { program: '/etc/passwd' });
    expect(await ended).toEqual({ clean: false, reason: expect.stringMatching(/cannot be started: .*EACCES/) });
  });

  it('ends a program that writes something else than pictures', async () => {
    const { ended, pictures } = run(`${onePicture} process.stdout.write('this is no PPM picture at all'); ${forever}`);
    const { clean, reason } = await ended;
    expect(clean).toBe(false);
    expect(reason).toMatch(/^bytes that begin no PPM picture/);
    expect(pictures).toHaveLength(1);
  });

  it('ends a program that is told to', async () => {
    const { kill, ended, pictures } = run(onePicture + forever);
    await until('a picture', () => pictures.length === 1);
    expect((await kill()).reason).toMatch(/was ended by SIGTERM$/);
    expect(await kill()).toBe(await ended);
  });

  it('insists with a program that does not listen, and leaves no zombie', async () => {
    const pidFile = join(await temporaryFolder(), 'pid');
    const { kill, pictures } = run(
      `process.on('SIGTERM', () => {}); require('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); ${onePicture + forever}`,
    );
    await until('a picture', () => pictures.length === 1);
    const pid = Number(await readFile(pidFile, 'utf8'));
    expect(isAlive(pid)).toBe(true);
    expect((await kill()).reason).toMatch(/was ended by SIGKILL$/);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends a program that was stopped by a signal', async () => {
    const { kill, pictures } = run(`${onePicture} setTimeout(() => process.kill(process.pid, 'SIGSTOP'), 20); ${forever}`);
    await until('a picture', () => pictures.length === 1);
    expect((await kill()).clean).toBe(false);
  });

  it('gives the program no more of our environment than it needs', async () => {
    const file = join(await temporaryFolder(), 'environment');
    process.env['FACELATCH_TEST_SECRET'] = 'hunter22';
    try {
      await run(`require('fs').writeFileSync(${JSON.stringify(file)}, Object.keys(process.env).join())`).ended;
    } finally {
      delete process.env['FACELATCH_TEST_SECRET'];
    }
    expect(existsSync(file)).toBe(true);
    expect(await readFile(file, 'utf8')).toBe('PATH,LANG,AV_LOG_FORCE_NOCOLOR,LIBCAMERA_LOG_LEVELS');
  });
});
