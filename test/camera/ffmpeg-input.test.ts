import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ffmpegArguments, parseInput } from '../../src/camera/ffmpeg-input.js';

const whole = { left: 0, top: 0, width: 1, height: 1 };
const output = { fps: 10, widthPx: 640, heightPx: 480, rotateDeg: 0, mirror: false, region: whole } as const;
const argumentsFor = (input: string) => ffmpegArguments(parseInput(input), output);
const after = (args: readonly string[], option: string) => args[args.indexOf(option) + 1];

describe('parseInput', () => {
  it.each([
    ['/dev/video0', 'device', '/dev/video0'],
    ['/dev/v4l/by-id/usb-046d_C920_1A2B-video-index0', 'device', '/dev/v4l/by-id/usb-046d_C920_1A2B-video-index0'],
    ['/srv/door.mp4', 'file', 'file:/srv/door.mp4'],
    ['door.mp4', 'file', `file:${resolve('door.mp4')}`],
    ['/srv/11:30 door.mp4', 'file', 'file:/srv/11:30 door.mp4'],
    ['file:///srv/door%20one.mp4', 'file', 'file:/srv/door one.mp4'],
    ['rtsp://10.0.0.5:554/live', 'rtsp', 'rtsp://10.0.0.5:554/live'],
    ['RTSPS://cam.example/live', 'rtsp', 'rtsps://cam.example/live'],
    ['http://10.0.0.5/stream', 'mjpeg', 'http://10.0.0.5/stream'],
    ['https://cam.example/stream', 'mjpeg', 'https://cam.example/stream'],
  ])('takes %s', (input, kind, address) => {
    expect(parseInput(input)).toMatchObject({ kind, address });
  });

  it.each([
    [''],
    ['-i'],
    ['-filter_complex'],
    ['concat:/etc/passwd|/etc/shadow'],
    ['subfile,,start,0,end,64,,:/etc/passwd'],
    ['pipe:0'],
    ['tcp://10.0.0.5:80?listen'],
    ['data:text/plain,x'],
    ['crypto:/srv/a'],
    ['lavfi:testsrc'],
    ['async:file:/etc/passwd'],
    ['http:10.0.0.5'],
    ['rtsp:///live'],
    ['file:relative.mp4'],
    ['/dev/mem'],
    ['/dev/video0;reboot'],
    ['/dev/videos/../mem'],
    ['../../../../../../../../../../dev/sda'],
    ['/srv/a\nb.mp4'],
    ['/srv/a\0b.mp4'],
  ])('refuses %j', (input) => {
    expect(() => parseInput(input)).toThrow(expect.objectContaining({ code: 'CAMERA_UNAVAILABLE' }));
  });

  it('keeps the password out of what people see', () => {
    const { shown, secrets } = parseInput('rtsp://admin:hunter%2122@10.0.0.5/live');
    expect(shown).toBe('rtsp://***@10.0.0.5/live');
    expect(secrets).toEqual(['hunter%2122', 'hunter!22']);
    expect(() => parseInput('rtmp://admin:hunter22@10.0.0.5/live')).toThrow(
      'expected frames from rtmp://***@10.0.0.5/live, received: the protocol "rtmp"',
    );
  });
});

describe('ffmpegArguments', () => {
  it('names the demuxer where the other side could choose one', () => {
    expect(after(argumentsFor('/dev/video0'), '-f')).toBe('v4l2');
    expect(after(argumentsFor('http://10.0.0.5/stream'), '-f')).toBe('mpjpeg');
  });

  it('lets each input open its own protocols only', () => {
    expect(after(argumentsFor('/srv/door.mp4'), '-protocol_whitelist')).toBe('file');
    expect(after(argumentsFor('http://10.0.0.5/stream'), '-protocol_whitelist')).not.toMatch(/file/);
    expect(after(argumentsFor('rtsp://10.0.0.5/live'), '-protocol_whitelist')).not.toMatch(/file|udp/);
  });

  it('takes RTSP over TCP, and a file at its own speed', () => {
    expect(after(argumentsFor('rtsp://10.0.0.5/live'), '-rtsp_transport')).toBe('tcp');
    expect(argumentsFor('/srv/door.mp4')).toContain('-re');
    expect(argumentsFor('rtsp://10.0.0.5/live')).not.toContain('-re');
  });

  it('hands the address over as one argument after -i', () => {
    const args = argumentsFor('/srv/a b; reboot.mp4');
    expect(args.filter((arg) => arg.includes('reboot'))).toEqual(['file:/srv/a b; reboot.mp4']);
    expect(after(args, '-i')).toBe('file:/srv/a b; reboot.mp4');
  });
});
