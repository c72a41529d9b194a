/**
 * `npm start`: the whole way on a fresh machine, with nothing but the photographs of an npm package. A person is enrolled from
 * one photograph; a replayed camera shows strangers and, from another photograph, that person; the simulated lock opens once.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { pino } from 'pino';
import { systemClock } from '../src/clock.js';
import { eventLine } from '../src/commands/event-line.js';
import { parseConfig } from '../src/config.js';
import { startDaemon } from '../src/daemon.js';
import { openVisionThread } from '../src/daemon/vision-thread.js';
import { enroll } from '../src/enrolment.js';
import { FacelatchError } from '../src/errors.js';
import type { DoorEvent } from '../src/events.js';
import { rawThresholdOf } from '../src/identity/distance.js';
import { createGallery } from '../src/identity/gallery.js';
import { openPeople } from '../src/identity/people.js';
import { defaultModelsFolder } from '../src/inference/manifest.js';
import { openVision } from '../src/vision.js';
import { playVisitors, portrait, resident, strangers } from './demo/visitors.js';

const RESIDENT = 'Ada';
const say = (text: string) => process.stdout.write(`${text}\n`);

async function demo(folder: string): Promise<boolean> {
  const photographs = join(defaultModelsFolder(), 'photographs');
  const frames = join(folder, 'frames');
  const config = parseConfig(
    JSON.stringify({
      door: { id: 'demo', name: 'Demo door' },
      camera: { adapter: 'folder', path: frames, fps: 10, loop: false },
      people: { file: join(folder, 'people.json') },
      relay: { adapter: 'simulated', pulseMs: 1_200 },
      mqtt: { embeddedPort: 0 },
      // Photographs play the visitors: passive liveness is there to keep photographs out.
      liveness: { passive: false },
      // A slow board takes long to walk through the frames; each visitor is still one presentation.
      access: { maxFrameAgeMs: 10_000, expireMs: 3_000, againMs: 60_000 },
    }),
    'the demonstration',
  );
  const log = pino({ level: 'warn', base: null }, pino.destination(2));
  const clock = systemClock;

  const vision = await openVision(config, clock, log);
  const people = await openPeople({ ...config.people, create: true, clock });
  const photograph = { bytes: await portrait(photographs, resident.enrolled), source: resident.enrolled.photograph };
  await enroll(
    RESIDENT,
    [photograph],
    { vision, people, gallery: createGallery([], vision.encoder, rawThresholdOf(vision.encoder)), clock },
    { maxPicturePixels: config.maxPicturePixels, largestFace: true },
  );
  await people.close();
  await vision.release();
  say(`Enrolled ${RESIDENT} from one photograph (${resident.enrolled.photograph} of the package @vladmandic/face-api).`);

  const visitors = [strangers[0], resident.atTheDoor, strangers[1], strangers[2]];
  const count = await playVisitors(frames, photographs, visitors);
  say(
    `The camera shows ${visitors.length} visitors in ${count} frames: a stranger, ${RESIDENT} (another photograph of her), two strangers.\n`,
  );

  const events: DoorEvent[] = [];
  const colour = process.stdout.isTTY;
  const daemon = await startDaemon({
    config,
    clock,
    log,
    openVision: () => openVisionThread(config, log),
    pace: 'every-frame',
    onEvent: (event) => {
      events.push(event);
      say(eventLine(event, colour));
    },
  });
  const client = await mqtt.connectAsync(daemon.mqttUrl);
  let overMqtt = 0;
  client.on('message', (topic, payload) => {
    overMqtt++;
    say(`                  ${topic} ${payload.toString()}`);
  });
  await client.subscribeAsync('facelatch/demo/event');
  process.once('SIGINT', () => void daemon.stop('SIGINT'));

  await daemon.stopped;
  await client.endAsync(true);

  const granted = events.filter((event) => event.type === 'granted');
  const denied = events.filter((event) => event.type === 'denied');
  const opened = events.filter((event) => event.type === 'unlocked').length;
  const asExpected =
    granted.length === 1 && granted[0].person.name === RESIDENT && denied.length === strangers.length && opened === 1;
  say(
    `\n${granted.length} granted (${granted.map(({ person }) => person.name).join(', ')}), ${denied.length} denied, the door opened ${opened} time(s); ${overMqtt} events arrived over MQTT.`,
  );
  say(
    asExpected
      ? 'Next: write a facelatch.yaml (config/facelatch.yaml shows every setting), enroll yourself, and run: npx facelatch run'
      : 'This is not what the demonstration should show: please report it.',
  );
  return asExpected;
}

const folder = await mkdtemp(join(tmpdir(), 'facelatch-demo-'));
try {
  process.exitCode = (await demo(folder)) ? 0 : 1;
} catch (error) {
  if (!(error instanceof FacelatchError)) throw error;
  process.stderr.write(`facelatch: ${error.message}\n`);
  process.exitCode = error.exitStatus;
} finally {
  await rm(folder, { recursive: true, force: true });
}
// Native libraries keep threads alive; everything was closed in order before.
process.exit();
