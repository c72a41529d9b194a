#!/usr/bin/env node
// Stands in for rpicam-vid: takes its options and refuses every other, says what it says, and writes the frames of a moving
// test picture in the same way: planar YUV of full range, without padding, to standard output. Ends at SIGINT.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const flag = { type: 'boolean' };
const { values } = parseArgs({
  options: {
    ...{ camera: text, timeout: text, nopreview: flag, verbose: text, width: text, height: text, framerate: text },
    ...{ mode: text, codec: text, flush: flag, output: text },
  },
});
if (process.env.FACELATCH_TEST_LOG !== undefined) throw new Error('expected an environment without our own');
appendFileSync(`${process.argv[1]}.pids`, `${process.pid}\n`);

if (values.timeout !== '0' || values.output !== '-' || values.codec !== 'yuv420' || !values.nopreview) {
  console.error('ERROR: *** expected endless frames on standard output and no window ***');
  process.exit(255);
}
if (Number(values.camera) > 0) {
  console.error('ERROR: *** selected camera is not available ***');
  process.exit(255);
}
const size = `${values.width}x${values.height}`;
const encoder = spawn(
  'ffmpeg',
  [
    ...['-nostdin', '-loglevel', 'error', '-re', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${values.framerate}`],
    // A white corner on the left: full range has 255 for it, limited range 235.
    ...['-vf', 'drawbox=x=0:y=0:w=iw/4:h=ih/4:color=white:t=fill,scale=out_range=full'],
    ...['-pix_fmt', 'yuvj420p', '-f', 'rawvideo', '-flush_packets', '1', 'pipe:1'],
  ],
  { stdio: ['ignore', 'inherit', 'inherit'] },
);
process.on('SIGINT', () => encoder.kill('SIGKILL'));
encoder.on('exit', () => process.exit(0));
