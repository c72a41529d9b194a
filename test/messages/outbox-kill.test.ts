import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { DoorEvent } from '../../src/events.js';
import { eventually, freePort, noMosquitto, observe, startCable, startMosquitto, temporaryFolder, type Seen } from './support.js';

// Inside the project, so that its packages are found.
const outDir = '.cache/test-kill-child';
const program = join(outDir, 'kill-child.js');

interface Door {
  readonly child: ChildProcess;
  readonly written: number[];
  readonly empty: () => boolean;
  kill(): Promise<void>;
}

function startDoor(...args: (string | number)[]): Door {
  const child = spawn(process.execPath, [program, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const written: number[] = [];
  let empty = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'empty') empty = true;
    else written.push(Number(line.replace('written ', '')));
  });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const kill = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  onTestFinished(kill);
  return { child, written, empty: () => empty, kill };
}

const eventsOf = (seen: readonly Seen[]) =>
  seen.map(({ payload }) => JSON.parse(payload) as Extract<DoorEvent, { type: 'denied' }>);

describe.skipIf(noMosquitto)(`a door that is killed with SIGKILL${noMosquitto ? ` (skipped: ${noMosquitto})` : ''}`, () => {
  beforeAll(async () => {
    await build({
      configFile: false,
      logLevel: 'silent',
      build: { ssr: 'test/messages/kill-child.ts', outDir, target: 'node20', minify: false, emptyOutDir: true },
    });
  });

  it('loses no event that it had written, without a broker and while publishing, and keeps their order', async () => {
    const journal = join(temporaryFolder(), 'outbox');
    const port = await freePort();
    const url = `mqtt://127.0.0.1:${port}`;
    const doors: Door[] = [];
    // Twice without a broker, each in the middle of making events.
    for (const first of [10_000, 20_000]) {
      const door = startDoor(url, journal, first, 100_000);
      doors.push(door);
      await eventually(() => expect(door.written.length).toBeGreaterThan(2_500));
      await door.kill();
    }

    const broker = await startMosquitto(await freePort());
    const { seen } = await observe(broker.url, 'facelatch/front-door/event');
    await startCable(broker.port, port);
    // Once while publishing.
    const third = startDoor(url, journal, 300_000, 2_000);
    doors.push(third);
    await eventually(() => expect(seen.length).toBeGreaterThan(1_000));
    await third.kill();
    const last = startDoor(url, journal, 400_000, 1);
    doors.push(last);
    await eventually(() => expect(last.empty() && last.written.length === 1).toBe(true));
    await eventually(() => expect(eventsOf(seen).at(-1)?.track).toBe(400_000));

    const first = [...new Map(eventsOf(seen).map((event) => [event.eventId, event])).values()];
    const tracks = first.map(({ track }) => track);
    const written = doors.flatMap((door) => door.written);
    const arrived = new Set(tracks);
    expect(written.filter((track) => !arrived.has(track))).toEqual([]);
    expect(written.length).toBeGreaterThan(5_000);
    expect(tracks).toEqual([...tracks].sort((a, b) => a - b));
    expect(arrived.size).toBe(first.length);
  }, 120_000);
});
