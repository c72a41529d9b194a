import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Happening } from '../../src/events.js';
import { serveMetrics } from '../../src/system/metrics-server.js';
import { Metrics } from '../../src/system/metrics.js';
import { readTemperature } from '../../src/system/temperature.js';
import { granted, stamp } from '../messages/support.js';

const denied = (reason: 'unknown' | 'spoof'): Happening => ({
  type: 'denied',
  reason,
  mode: 'recognition',
  threshold: 0.7,
  track: 1,
});

function someMetrics(temperature?: number): Metrics {
  const metrics = new Metrics({
    outbox: () => ({ events: 3, bytes: 900, dropped: 1 }),
    connected: () => true,
    temperatureCelsius: () => Promise.resolve(temperature),
  });
  for (let i = 0; i < 99; i++) metrics.frame(1, 40);
  metrics.frame(2, 700);
  metrics.event(granted());
  for (const reason of ['unknown', 'unknown', 'spoof'] as const) metrics.event(stamp(denied(reason)));
  metrics.event(stamp({ type: 'opened' }));
  return metrics;
}

describe('the figures of a door', () => {
  it('count frames, faces, decisions by their outcome and latencies', async () => {
    expect(await someMetrics().figures()).toEqual({
      frames: 100,
      faces: 101,
      decisions: { granted: 1, unknown: 2, spoof: 1 },
      latency: { frames: 100, p50Ms: 50, p99Ms: 50 },
    });
    const slow = new Metrics({
      outbox: () => ({ events: 0, bytes: 0, dropped: 0 }),
      connected: () => false,
      temperatureCelsius: () => Promise.resolve(undefined),
    });
    expect((await slow.figures()).latency).toEqual({ frames: 0, p50Ms: 0, p99Ms: 0 });
    for (const ms of [60, 60, 700, 60_000]) slow.frame(0, ms);
    expect((await slow.figures()).latency).toEqual({ frames: 4, p50Ms: 75, p99Ms: 5_000 });
  });

  it('are served to Prometheus on loopback, and nothing else is', async () => {
    const metrics = someMetrics(41.5);
    metrics.withProcess();
    const server = await serveMetrics(metrics, 0);
    onTestFinished(() => server.stop());
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const response = await fetch(server.url);
    expect(response.headers.get('content-type')).toContain('text/plain');
    const lines = (await response.text()).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'facelatch_frames_total 100',
        'facelatch_faces_total 101',
        'facelatch_decisions_total{outcome="granted"} 1',
        'facelatch_decisions_total{outcome="unknown"} 2',
        'facelatch_events_total{type="opened"} 1',
        'facelatch_frame_latency_seconds_bucket{le="0.05"} 99',
        'facelatch_frame_latency_seconds_bucket{le="0.75"} 100',
        'facelatch_outbox_events 3',
        'facelatch_outbox_dropped 1',
        'facelatch_broker_connected 1',
        'facelatch_temperature_celsius 41.5',
      ]),
    );
    expect(lines.some((line) => line.startsWith('process_resident_memory_bytes'))).toBe(true);
    expect((await fetch(server.url.replace('/metrics', '/'))).status).toBe(404);
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
    await server.stop();
    await server.stop();
    await expect(fetch(server.url)).rejects.toThrow();
  });

  it('leave out a temperature that nobody knows', async () => {
    const text = await someMetrics().text();
    expect(text).not.toMatch(/^facelatch_temperature_celsius /m);
  });

  it('say that their port is taken', async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(serveMetrics(someMetrics(), port)).rejects.toMatchObject({ code: 'PORT_TAKEN' });
  });
});

describe('the temperature', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-thermal-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const zone = async (name: string, type: string, temp: string) => {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'type'), `${type}\n`);
    await writeFile(join(folder, name, 'temp'), temp);
  };

  it('is that of the processor, in degrees', async () => {
    await zone('thermal_zone0', 'battery', '60000\n');
    await zone('thermal_zone1', 'cpu-thermal', '41534\n');
    await zone('cooling_device0', 'cpu-fan', '99000\n');
    expect(await readTemperature(folder)).toBeCloseTo(41.534);
  });

  it('is the hottest where no zone is named after the processor, and unknown where none can be read', async () => {
    expect(await readTemperature(folder)).toBeUndefined();
    expect(await readTemperature(join(folder, 'absent'))).toBeUndefined();
    await zone('thermal_zone0', 'acpitz', '-274000\n');
    await zone('thermal_zone1', 'acpitz', '');
    expect(await readTemperature(folder)).toBeUndefined();
    await zone('thermal_zone2', 'acpitz', '30000\n');
    await zone('thermal_zone3', 'acpitz', '35000\n');
    expect(await readTemperature(folder)).toBe(35);
  });
});
