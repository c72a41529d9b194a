import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DoorEvent } from '../../src/events.js';
import { eventually, freePort, noMosquitto, observe, startCable, startMosquitto } from '../messages/support.js';
import { facelatch, start } from '../support/cli.js';

const CARDS = 2_200;

describe.skipIf(noMosquitto)(
  `facelatch run, killed twice without a broker${noMosquitto ? ` (skipped: ${noMosquitto})` : ''}`,
  () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'facelatch-killed-'));
      await mkdir(join(folder, 'frames'));
      const wall = sharp({ create: { width: 160, height: 120, channels: 3, background: 'gray' } });
      await wall.jpeg().toFile(join(folder, 'frames', 'wall.jpg'));
      // Each card of the reader is an event of the door.
      const cards = Array.from({ length: CARDS }, (_, index) => `${100 + index} CARD${String(index).padStart(6, '0')}`);
      await writeFile(join(folder, 'cards.txt'), `${cards.join('\n')}\n`);
      expect((await facelatch(folder, ['people', 'init'])).status).toBe(0);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    function startDoor() {
      const door = start(folder, ['run', '--json']);
      onTestFinished(() => void door.kill('SIGKILL'));
      const told: DoorEvent[] = [];
      createInterface({ input: door.stdout }).on('line', (line) => told.push(JSON.parse(line) as DoorEvent));
      const end = async (signal: NodeJS.Signals) => {
        const closed = once(door, 'close');
        door.kill(signal);
        await closed;
      };
      return { told, end };
    }

    it('loses no event of thousands, keeps their order and repeats none once their ids are known', async () => {
      const port = await freePort();
      await writeFile(
        join(folder, 'facelatch.yaml'),
        JSON.stringify({
          camera: { adapter: 'folder', path: join(folder, 'frames'), fps: 1 },
          access: { mode: 'either' },
          lockout: { enabled: false },
          cards: { readers: [{ adapter: 'replayed', path: join(folder, 'cards.txt') }], repeatMs: 0 },
          mqtt: { url: `mqtt://127.0.0.1:${port}`, reconnectMinMs: 100, reconnectMaxMs: 200 },
        }),
      );
      const safe: DoorEvent[] = [];
      for (let kill = 0; kill < 2; kill++) {
        const door = startDoor();
        await eventually(() => expect(door.told.length).toBeGreaterThan(CARDS * 0.75));
        // What happened by now is on the disk a second later; the kill comes in the middle of what happens then.
        safe.push(...door.told);
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        await door.end('SIGKILL');
      }
      const broker = await startMosquitto(await freePort());
      const { seen } = await observe(broker.url, 'facelatch/front-door/event');
      const last = startDoor();
      await eventually(() => expect(last.told.length).toBeGreaterThan(CARDS));
      await startCable(broker.port, port);
      const ids = () => new Set(seen.map(({ payload }) => (JSON.parse(payload) as DoorEvent).eventId));
      const missing = () => {
        const arrived = ids();
        return [...safe, ...last.told].filter(({ eventId }) => !arrived.has(eventId));
      };
      await eventually(() => expect(missing()).toHaveLength(0));

      expect(safe.length + last.told.length).toBeGreaterThan(5_000);
      expect([...ids()]).toEqual([...ids()].sort());
      await last.end('SIGTERM');
    }, 120_000);
  },
);
