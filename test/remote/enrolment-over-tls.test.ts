import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playVisitors, portrait, resident } from '../../scripts/demo/visitors.js';
import type { DoorEvent } from '../../src/events.js';
import { certificateOf, makeCertificates, noOpenssl, shippedLines } from '../messages/certificates.js';
import { eventually, freePort, noMosquitto, startMosquitto } from '../messages/support.js';
import { facelatch, start } from '../support/cli.js';
import { samples } from '../support/photographs.js';

const missing = noMosquitto ?? noOpenssl;

describe.skipIf(missing)(
  `a door behind mosquitto as config/mosquitto sets it up${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'facelatch-remote-'));
      makeCertificates(folder);
      await playVisitors(join(folder, 'frames'), samples, [resident.atTheDoor]);
      await writeFile(join(folder, 'ada.jpg'), await portrait(samples, resident.enrolled));
      await writeFile(join(folder, 'bomb.jpg'), await imageBomb());
      await mkdir(join(folder, 'elsewhere'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    it('lets in who was enrolled from afar with one photograph, and no more once she is removed', async () => {
      const port = await freePort();
      await startMosquitto(port, shippedLines(folder));
      const key = JSON.parse((await facelatch(folder, ['--json', 'keys', 'new', 'ops-1'])).stdout) as object;
      const { kid, publicKey, commands } = key as { kid: string; publicKey: string; commands: string[] };
      const url = `mqtts://127.0.0.1:${port}`;
      await writeFile(
        join(folder, 'facelatch.yaml'),
        JSON.stringify({
          door: { id: 'front-door' },
          camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 10 },
          relay: { adapter: 'simulated', pulseMs: 300 },
          // A busy machine takes long over a frame, and a picture that is shown again and again is no living person.
          access: { maxFrameAgeMs: 10_000, expireMs: 5_000, againMs: 1_000 },
          lockout: { enabled: false },
          liveness: { passive: false },
          mqtt: { url, tls: certificateOf(folder, 'front-door'), commands: { keys: [{ kid, publicKey, commands }] } },
        }),
      );
      expect((await facelatch(folder, ['people', 'init'])).status).toBe(0);
      const door = start(folder, ['run', '--json']);
      const events: DoorEvent[] = [];
      let rest = '';
      door.stdout.on('data', (chunk: Buffer) => {
        const lines = (rest + chunk.toString()).split('\n');
        rest = lines.pop() ?? '';
        events.push(...lines.map((line) => JSON.parse(line) as DoorEvent));
      });
      const happens = async (type: DoorEvent['type'], from = 0) => {
        await eventually(() => expect(events.slice(from).map((event) => event.type)).toContain(type));
        return events.slice(from).find((event) => event.type === type);
      };

      // From another machine: nothing of the door's folder but the key and the certificate of the operator.
      const { caFile, certFile, keyFile } = certificateOf(folder, 'operator');
      const at = ['--url', url, '--ca', caFile, '--cert', certFile, '--cert-key', keyFile, '--door', 'front-door'];
      const send = (...args: string[]) =>
        facelatch(join(folder, 'elsewhere'), ['send', '--key', join(folder, 'ops-1.key'), '--timeout', '60', ...at, ...args]);
      try {
        expect(await happens('denied')).toMatchObject({ reason: 'unknown' });
        expect(events.map(({ type }) => type)).not.toContain('granted');

        const bomb = await send('enroll', 'Ada', join(folder, 'bomb.jpg'));
        expect(bomb).toMatchObject({ status: 3, stderr: expect.stringContaining('received 256000000') as string });
        expect(await send('list')).toMatchObject({ status: 0, stdout: 'nobody is enrolled\n' });

        const enrolled = await send('enroll', 'Ada', join(folder, 'ada.jpg'), '--largest-face');
        expect(enrolled).toMatchObject({ status: 0, stdout: 'enrolled Ada (1 templates in all)\n', stderr: '' });
        const granted = await happens('granted');
        expect(granted).toMatchObject({ person: { name: 'Ada' } });
        await happens('unlocked');

        expect(await send('remove', 'Ada')).toMatchObject({ status: 0 });
        const removedAt = events.findIndex(({ type }) => type === 'removed');
        expect(removedAt).toBeGreaterThan(0);
        expect(await happens('denied', removedAt)).toMatchObject({ reason: 'unknown' });
        expect(events.slice(removedAt).map(({ type }) => type)).not.toContain('granted');
      } finally {
        door.kill('SIGTERM');
        await once(door, 'close');
      }
    }, 180_000);
  },
);

/** A small JPEG whose header claims 16,000 x 16,000 pixels: 768 MB when decoded. */
async function imageBomb(): Promise<Buffer> {
  const bytes = await sharp({ create: { width: 64, height: 64, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  const startOfFrame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(16_000, startOfFrame + 5);
  bytes.writeUInt16BE(16_000, startOfFrame + 7);
  return bytes;
}
