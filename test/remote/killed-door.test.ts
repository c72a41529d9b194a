import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DoorEvent } from '../../src/events.js';
import { readLines } from '../../src/messages/journal-lines.js';
import { freePort, noMosquitto, observe, startCable, startMosquitto, untilNoneIsLeft } from '../messages/support.js';
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
      const cards = Array.from({ length: CARDS }, (_, index) => `${100 + index * 2} CARD${String(index).padStart(6, '0')}`);
      await writeFile(join(folder, 'cards.txt'), `${cards.join('\n')}\n`);
      expect((await facelatch(folder, ['people', 'init'])).status).toBe(0);
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    /** The ids of the events that wait for the broker, in their order. */
    function onDisk(): string[] {
      const journal = join(folder, 'state', 'outbox.journal');
      const { entries } = readLines(existsSync(journal) ? readFileSync(journal, 'utf8') : '');
      return entries.map(({ json }) => (JSON.parse(json) as DoorEvent).eventId);
    }

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
      let safe: readonly string[] = [];
      for (let kill = 0; kill < 2; kill++) {
        const door = startDoor();
        // In the middle of what happens. What the disk has by then must arrive; what was told since may or may not have got there.
        let waiting = safe;
        await untilNoneIsLeft(() => {
          waiting = onDisk();
          return safe.length + CARDS * 0.7 - waiting.length;
        });
        await door.end('SIGKILL');
        expect(waiting.slice(0, safe.length)).toEqual(safe);
        safe = waiting;
      }
      const broker = await startMosquitto(await freePort());
      const { seen } = await observe(broker.url, 'facelatch/front-door/event');
      const last = startDoor();
      await untilNoneIsLeft(() => CARDS + 1 - last.told.length);
      await startCable(broker.port, port);
      const missing = new Set([...safe, ...last.told.map(({ eventId }) => eventId)]);
      const ids = new Set<string>();
      let read = 0;
      await untilNoneIsLeft(() => {
        for (const { payload } of seen.slice(read)) {
          const { eventId } = JSON.parse(payload) as DoorEvent;
          ids.add(eventId);
          missing.delete(eventId);
        }
        read = seen.length;
        return missing.size;
      });

      expect(safe.length + last.told.length).toBeGreaterThan(5_000);
      expect([...ids]).toEqual([...ids].sort());
      await last.end('SIGTERM');
    }, 300_000);
  },
);
