#!/usr/bin/env node
// Stands in for gst-launch-1.0 on a Jetson: GStreamer itself, with its own elements in the place of NVIDIA's. Prints to standard
// output what NVIDIA's libraries print there, and knows the two properties of nvarguscamerasrc that are used.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';

appendFileSync(`${process.argv[1]}.pids`, `${process.pid}\n`);
console.log('GST_ARGUS: Creating output stream\nCONSUMER: Waiting until producer is connected...');
const args = process.argv.slice(2).flatMap((arg) => {
  if (arg === 'nvarguscamerasrc') return ['videotestsrc', 'is-live=true', 'pattern=smpte'];
  if (/^sensor-(id|mode)=\d+$/.test(arg)) return [];
  if (arg === 'video/x-raw(memory:NVMM),format=NV12') return ['video/x-raw,format=NV12,width=1920,height=1080,framerate=30/1'];
  if (arg === 'nvvidconv') return ['videoconvert', '!', 'videoscale'];
  return [arg];
});
const gst = spawn('gst-launch-1.0', args, { stdio: ['ignore', 'inherit', 'inherit', 3] });
process.on('SIGINT', () => gst.kill('SIGINT'));
gst.on('exit', (status) => process.exit(status ?? 1));
