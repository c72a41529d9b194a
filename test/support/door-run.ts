import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import sharp from 'sharp';
import { systemClock as clock } from '../../src/clock.js';
import { parseConfig } from '../../src/config.js';
import { startDaemon } from '../../src/daemon.js';
import { enroll } from '../../src/enrolment.js';
import type { DoorEvent } from '../../src/events.js';
import { rawThresholdOf } from '../../src/identity/distance.js';
import { createGallery } from '../../src/identity/gallery.js';
import { openPeople } from '../../src/identity/people.js';
import { openVision } from '../../src/vision.js';

const log = pino({ level: 'silent' });

export interface DoorRun {
  /** Who is enrolled, each from one photograph of which the largest face counts. */
  readonly enrolled: Readonly<Record<string, Uint8Array>>;
  /** JPEG pictures, as the camera shows them. */
  readonly frames: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly liveness: object;
}

/** The daemon before a replayed camera, from its start until the camera has no more to show; what happened. */
export async function runDoor({ enrolled, frames, liveness }: DoorRun): Promise<DoorEvent[]> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-streams-'));
  try {
    const pictures = join(folder, 'frames');
    await mkdir(pictures);
    let count = 0;
    for await (const frame of frames) await writeFile(join(pictures, `${String(++count).padStart(4, '0')}.jpg`), frame);
    const config = parseConfig(
      JSON.stringify({
        door: { id: 'streams' },
        camera: { adapter: 'folder', path: pictures, fps: 10, loop: false },
        people: { file: join(folder, 'people.json') },
        relay: { adapter: 'simulated', pulseMs: 300 },
        mqtt: { embeddedPort: 0, outbox: { file: join(folder, 'outbox.journal') } },
        liveness,
        // A busy machine takes long over a frame; that is not what is tested here.
        access: { maxFrameAgeMs: 10_000, expireMs: 3_000, againMs: 60_000 },
      }),
      'test',
    );
    const vision = await openVision(
      { ...config, liveness: { ...config.liveness, passive: false, challenge: 'never' } },
      clock,
      log,
    );
    const people = await openPeople({ ...config.people, create: true, clock });
    const gallery = createGallery([], vision.encoder, rawThresholdOf(vision.encoder));
    for (const [name, bytes] of Object.entries(enrolled)) {
      const options = { maxPicturePixels: config.maxPicturePixels, largestFace: true };
      await enroll(name, [{ bytes, source: name }], { vision, people, gallery, clock }, options);
    }
    await people.close();
    await vision.release();
    const events: DoorEvent[] = [];
    const daemon = await startDaemon({ config, clock, log, pace: 'every-frame', onEvent: (event) => events.push(event) });
    await daemon.stopped;
    return events;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `granted Ada`, `denied unknown`: the verdicts in their order. */
export function verdicts(events: readonly DoorEvent[]): string[] {
  return events.flatMap((event) => {
    if (event.type === 'granted') return [`granted ${event.person.name}`];
    return event.type === 'denied' ? [`denied ${event.reason}`] : [];
  });
}

/** A wall with a pattern that a camera would see. */
export function wall(width = 640, height = 480): Promise<Buffer> {
  return sharp({
    create: { width, height, channels: 3, background: '#60686f', noise: { type: 'gaussian', mean: 110, sigma: 9 } },
  })
    .blur(1.2)
    .jpeg()
    .toBuffer();
}
