import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playVisitors, portrait, resident, strangers } from '../scripts/demo/visitors.js';
import { systemClock } from '../src/clock.js';
import { parseConfig } from '../src/config.js';
import { startDaemon } from '../src/daemon.js';
import { enroll } from '../src/enrolment.js';
import type { DoorEvent } from '../src/events.js';
import { rawThresholdOf } from '../src/identity/distance.js';
import { createGallery } from '../src/identity/gallery.js';
import { openPeople } from '../src/identity/people.js';
import type { AuditLine } from '../src/system/audit-line.js';
import { readAudit } from '../src/system/audit-read.js';
import { verifyAudit } from '../src/system/audit-verify.js';
import { openVision } from '../src/vision.js';
import { samples } from './support/photographs.js';

const log = pino({ level: 'silent' });
const clock = systemClock;

async function linesOf(audit: string): Promise<AuditLine[]> {
  const lines: AuditLine[] = [];
  for await (const line of readAudit(audit)) lines.push(line);
  return lines;
}

describe('the daemon, on the photographs that come with an npm package', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-daemon-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const config = (more: object = {}) =>
    parseConfig(
      JSON.stringify({
        door: { id: 'test-door' },
        camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10, loop: false },
        people: { file: join(folder, 'people.json') },
        relay: { adapter: 'simulated', pulseMs: 300 },
        mqtt: { embeddedPort: 0 },
        // Photographs play the visitors.
        liveness: { passive: false },
        // A busy machine takes long over a frame; that is not what is tested here.
        access: { maxFrameAgeMs: 10_000, expireMs: 5_000, againMs: 60_000 },
        ...more,
      }),
      'test',
    );

  it('opens for an enrolled person, once, and stays shut for strangers; MQTT tells the same', async () => {
    const settings = config();
    const vision = await openVision(settings, clock, log);
    const people = await openPeople({ ...settings.people, create: true, clock });
    const photograph = { bytes: await portrait(samples, resident.enrolled), source: 'enrolled' };
    await enroll(
      'Ada',
      [photograph],
      { vision, people, gallery: createGallery([], vision.encoder, rawThresholdOf(vision.encoder)), clock },
      { maxPicturePixels: settings.maxPicturePixels, largestFace: true },
    );
    await people.close();
    await vision.release();
    await playVisitors(join(folder, 'frames'), samples, [strangers[0], resident.atTheDoor, strangers[1]]);

    const events: DoorEvent[] = [];
    const daemon = await startDaemon({
      config: settings,
      clock,
      log,
      pace: 'every-frame',
      onEvent: (event) => events.push(event),
    });
    const client = await mqtt.connectAsync(daemon.mqttUrl);
    const received: DoorEvent[] = [];
    const retained = new Map<string, string>();
    client.on('message', (topic, payload) => {
      if (topic.endsWith('/event')) received.push(JSON.parse(payload.toString()) as DoorEvent);
      else retained.set(topic, payload.toString());
    });
    await client.subscribeAsync('facelatch/test-door/#');
    const end = await daemon.stopped;
    await client.endAsync(true);

    expect(end).toEqual({ reason: 'the camera has no more to show', failed: false });
    const verdicts = events.filter(({ type }) => type === 'granted' || type === 'denied');
    expect(verdicts.map((event) => (event.type === 'granted' ? event.person.name : event.type))).toEqual([
      'denied',
      'Ada',
      'denied',
    ]);
    const granted = events.find((event) => event.type === 'granted');
    expect(granted?.distance).toBeLessThan(0.7);
    expect(events.filter(({ type }) => type === 'unlocked')).toHaveLength(1);
    const unlocked = events.findIndex(({ type }) => type === 'unlocked');
    expect(events.slice(unlocked).find(({ type }) => type === 'locked')).toMatchObject({ cause: 'timeout' });
    // What was published after the client subscribed is what the terminal saw, in the same order.
    const ids = received.map(({ eventId }) => eventId);
    expect(ids).toEqual(events.map(({ eventId }) => eventId).slice(-ids.length));
    expect(received.map(({ type }) => type)).toEqual(expect.arrayContaining(['denied', 'granted', 'unlocked', 'locked']));
    expect(JSON.parse(retained.get('facelatch/test-door/state') ?? '{}')).toMatchObject({
      lock: 'LOCKED',
      people: 1,
      mode: 'normal',
    });
    expect(retained.get('facelatch/test-door/availability')).toBe('offline');

    // And so does the audit log, which knows who by id alone, and by which model.
    const audit = join(folder, 'audit');
    expect(await verifyAudit(audit)).toMatchObject({ problems: [] });
    const lines = await linesOf(audit);
    expect(lines.flatMap(({ eventId }) => eventId ?? [])).toEqual(events.map(({ eventId }) => eventId));
    expect(lines.find(({ type }) => type === 'granted')).toMatchObject({
      person: granted?.person.id,
      distance: granted?.distance,
      threshold: 0.7,
      encoder: 'mobilefacenet-arcface',
      modelSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.stringify(lines)).not.toContain('Ada');
  }, 120_000);

  it('does not start without a people file, on a corrupt one without generations, or on a port that is taken', async () => {
    const missing = { people: { file: join(folder, 'nobody.json') } };
    await expect(startDaemon({ config: config(missing), clock, log })).rejects.toMatchObject({ code: 'PEOPLE_FILE_MISSING' });

    const broker = (await import('node:net')).createServer();
    await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
    const { port } = broker.address() as { port: number };
    await expect(startDaemon({ config: config({ mqtt: { embeddedPort: port } }), clock, log })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
    });
    broker.close();
  }, 60_000);

  it('names those who must be enrolled again for this encoder, and tells of every change of the people file', async () => {
    const file = join(folder, 'stale.json');
    const people = await openPeople({ file, create: true, clock });
    const vector = new Float32Array(512).fill(Math.sqrt(1 / 512));
    await people.add({
      name: 'Old Timer',
      templates: [{ encoder: 'an-older-encoder', modelSha256: '0'.repeat(64), vector, quality: 1, source: 'photo' }],
    });
    await people.close();
    const events: DoorEvent[] = [];
    const daemon = await startDaemon({
      config: config({ people: { file } }),
      clock,
      log,
      onEvent: (event) => events.push(event),
    });
    // Somebody else's process: the command line, which asks the daemon that keeps the file.
    const visitor = await openPeople({ file, create: false, clock });
    const { id } = visitor.get('Old Timer');
    const another = Float32Array.from({ length: 512 }, (_, i) => (i === 0 ? 1 : 0));
    const template = { encoder: 'mobilefacenet-arcface', modelSha256: '0'.repeat(64), vector: another, quality: 1 } as const;
    await visitor.addTemplates(id, [{ ...template, source: 'photo' }]);
    await visitor.rename(id, 'New Timer');
    await visitor.remove(id);
    await visitor.close();
    await daemon.stop('test');
    await daemon.stop('test');
    const news = events.filter(({ type }) => type === 'enrolled' || type === 'removed');
    expect(news).toMatchObject([
      { type: 'enrolled', person: { id, name: 'Old Timer' }, templates: 2 },
      { type: 'removed', person: { id, name: 'New Timer' } },
    ]);
    const recorded = await linesOf(join(folder, 'audit'));
    expect(recorded.filter(({ person }) => person === id).map(({ type }) => type)).toEqual([
      'person_changed',
      'person_changed',
      'person_removed',
    ]);
    expect(events.find(({ type }) => type === 'enroll_again')).toMatchObject({ people: [{ name: 'Old Timer' }] });
  }, 60_000);
});
