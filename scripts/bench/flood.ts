/**
 * `npm run bench -- flood`: what a flood of refused requests does to the way from a face to the relay. A door before a replayed
 * camera, behind mosquitto where it is installed; phases with and without the flood take turns, so that whatever else the machine
 * does weighs on both. The flood comes from a process of its own.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { systemClock } from '../../src/clock.js';
import { parseConfig } from '../../src/config.js';
import { startDaemon, type Daemon } from '../../src/daemon.js';
import { openVisionThread } from '../../src/daemon/vision-thread.js';
import { enroll } from '../../src/enrolment.js';
import { rawThresholdOf } from '../../src/identity/distance.js';
import { createGallery } from '../../src/identity/gallery.js';
import { openPeople } from '../../src/identity/people.js';
import { openVision } from '../../src/vision.js';
import { columns } from '../../src/commands/output.js';
import { portrait, resident } from '../demo/visitors.js';
import { cell, pause, type Bench, type Say } from './bench.js';
import { freePort, playFromFirstVisitor } from './door-folder.js';
import { photographs } from './scenes.js';
import { median, quantile } from './statistics.js';

const PHASES = 20;
const PHASE_MS = 5_000;
/** Of each change, left out: what is under way belongs to the phase before. */
const SETTLE_MS = 500;
/** Of the replayed frames: those after the visit are of nobody. */
const EMPTY_FRAMES_KEPT = 2;

export interface FloodFigures {
  readonly broker: string;
  readonly perSecond: number;
  readonly refused: number;
  readonly quiet: Figures;
  readonly flooded: Figures;
  /** The p99 during the flood over that without. */
  readonly ratio: number;
}

interface Figures {
  /** Frames with a face, from their capture to the moment in which the relay is energised for a grant. */
  readonly frames: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** @param perSecond requests a second */
async function measureFlood(perSecond: number): Promise<FloodFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-flood-'));
  const broker = await startMosquitto();
  try {
    const { daemon, refused, key } = await startDoor(folder, broker?.url);
    const flood = startFlood(broker?.url ?? daemon.mqttUrl, perSecond, key);
    const times = { quiet: [] as number[], flooded: [] as number[] };
    let phase: 'quiet' | 'flooded' | undefined;
    daemon.controls.lookout.onSighting(({ frame, faces }) => {
      // The door judges the faces right after this, in the same turn.
      if (phase && faces.length > 0) times[phase].push(systemClock.monotonicMs() - frame.capturedAtMs);
    });
    for (let i = 0; i < PHASES; i++) {
      const next = i % 2 === 0 ? 'quiet' : 'flooded';
      flood.send({ flow: next === 'flooded' });
      await pause(SETTLE_MS);
      phase = next;
      await pause(PHASE_MS);
      phase = undefined;
    }
    flood.kill();
    await daemon.stop('measured');
    const quiet = figuresOf(times.quiet);
    const flooded = figuresOf(times.flooded);
    return {
      broker: broker ? 'mosquitto' : 'inside the process',
      ...{ perSecond, refused: refused(), quiet, flooded, ratio: flooded.p99Ms / quiet.p99Ms },
    };
  } finally {
    broker?.child.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startDoor(
  folder: string,
  url: string | undefined,
): Promise<{ daemon: Daemon; refused: () => number; key: JsonWebKey }> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const jwk = privateKey.export({ format: 'jwk' });
  const key = { kid: 'ops-1', publicKey: jwk.x, commands: ['list'] };
  const config = parseConfig(
    JSON.stringify({
      camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
      people: { file: join(folder, 'people.json') },
      relay: { adapter: 'simulated', pulseMs: 300 },
      liveness: { passive: false },
      mqtt: { ...(url === undefined ? { embeddedPort: 0 } : { url }), commands: { keys: [key] } },
    }),
    'bench',
  );
  const log = pino({ level: 'silent' });
  await playVisitor(join(folder, 'frames'));
  const vision = await openVision(config, systemClock, log);
  const people = await openPeople({ ...config.people, create: true, clock: systemClock });
  const gallery = createGallery([], vision.encoder, rawThresholdOf(vision.encoder));
  const photograph = { bytes: await portrait(photographs, resident.enrolled), source: 'enrolled' };
  const options = { maxPicturePixels: config.maxPicturePixels, largestFace: true };
  await enroll('Ada', [photograph], { vision, people, gallery, clock: systemClock }, options);
  await people.close();
  await vision.release();
  let refused = 0;
  const daemon = await startDaemon({
    ...{ config, clock: systemClock, log },
    openVision: () => openVisionThread(config, log),
    onEvent(event) {
      if (event.type === 'command_rejected') refused += event.count ?? 1;
    },
  });
  return { daemon, refused: () => refused, key: jwk };
}

/** Somebody is before the camera in all but a few frames: those are what is measured. */
async function playVisitor(folder: string): Promise<void> {
  await playFromFirstVisitor(folder, [resident.atTheDoor]);
  const frames = (await readdir(folder)).sort();
  const pictures = await Promise.all(frames.map((name) => readFile(join(folder, name))));
  const last = pictures[pictures.length - 1];
  const empty = frames.filter((_, index) => pictures[index].equals(last));
  for (const name of empty.slice(EMPTY_FRAMES_KEPT)) await rm(join(folder, name));
}

/** Undefined where mosquitto is not installed: the door then brings its own broker, and has all of the flood itself. */
async function startMosquitto(): Promise<{ url: string; child: ChildProcess } | undefined> {
  const port = await freePort();
  const file = join(tmpdir(), `facelatch-flood-${port}.conf`);
  await writeFile(file, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
  const env = { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin` };
  const child = spawn('mosquitto', ['-c', file], { env, stdio: 'ignore' });
  const failed = once(child, 'error').then(() => true);
  const isThere = !(await Promise.race([failed, pause(500).then(() => false)]));
  await rm(file, { force: true });
  return isThere ? { url: `mqtt://127.0.0.1:${port}`, child } : undefined;
}

/** @param key one that the door knows: what it signs gets as far as the checks go */
function startFlood(url: string, perSecond: number, key: JsonWebKey): ChildProcess {
  const program = fileURLToPath(new URL('flood-sender.js', import.meta.url));
  return spawn(process.execPath, [program, url, String(perSecond), JSON.stringify(key)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function figuresOf(times: readonly number[]): Figures {
  return { frames: times.length, p50Ms: median(times), p99Ms: quantile(times, 0.99) };
}

function report(all: readonly FloodFigures[]): string {
  const rows = all.map(({ perSecond, refused, quiet, flooded, ratio }) => [
    String(perSecond),
    String(refused),
    ...[quiet.p50Ms, flooded.p50Ms, quiet.p99Ms, flooded.p99Ms, ratio].map((value) => cell(value, 2)),
  ]);
  return columns(['REQUESTS/s', 'REFUSED', 'p50 ms', 'flooded', 'p99 ms', 'flooded', 'ratio'], rows);
}

export const flood: Bench<readonly FloodFigures[]> = {
  about: 'from a face to the relay, with and without a flood of refused requests',
  async measure(say: Say) {
    const all: FloodFigures[] = [];
    for (const perSecond of [1_000, 10_000]) {
      say(`${perSecond} requests a second`);
      all.push(await measureFlood(perSecond));
    }
    return all;
  },
  report,
};
