import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CardReader } from '../../src/access/card-reader/card-reader.js';
import { deviceSource } from '../../src/access/card-reader/device-source.js';
import { LineDecoder } from '../../src/access/card-reader/line-decoder.js';
import { openCardReaders } from '../../src/access/card-reader/open-card-readers.js';
import { SimulatedReader } from '../../src/access/card-reader/simulated-reader.js';
import { StreamReader, type ByteListener } from '../../src/access/card-reader/stream-reader.js';
import { systemClock } from '../../src/clock.js';
import { parseConfig, type Config } from '../../src/config.js';
import { FakeClock } from '../fakes/fake-clock.js';

let folder: string;
let started: CardReader[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-cards-'));
  started = [];
});
afterEach(async () => {
  await Promise.all(started.map((reader) => reader.stop()));
  await Promise.all(started.map((reader) => reader.stop()));
  await rm(folder, { recursive: true });
});

/** What a reader reports, in order. */
function listenTo(reader: CardReader): string[] {
  const heard: string[] = [];
  reader.start({
    onCard: (text) => heard.push(text),
    onFault: (reason) => heard.push(`fault: ${reason}`),
    onRecovered: () => heard.push('recovered'),
  });
  started.push(reader);
  return heard;
}

async function readerOf(yaml: string, clock = systemClock): Promise<CardReader> {
  const config: Config = parseConfig(`access: { mode: either }\ncards: { readers: [${yaml}], reconnectMinMs: 50 }`, 'test');
  const [reader] = await openCardReaders(config.cards, { clock, simulated: new SimulatedReader() });
  return reader;
}

const makeFifo = (path: string) => execFileSync('mkfifo', [path]);

describe('a reader of lines', () => {
  it('reads a FIFO, however often its writers come and go', async () => {
    const path = join(folder, 'fifo');
    makeFifo(path);
    const heard = listenTo(await readerOf(`{ adapter: lines, path: ${path} }`));
    for (const card of ['04A2B3C4', '04A2B3C5']) {
      await writeFile(path, `${card}\n`);
      await expect.poll(() => heard.at(-1)).toBe(card);
    }
    expect(heard).toEqual(['04A2B3C4', '04A2B3C5']);
  });

  it('waits for a device that is not there yet, and for one that went away, and says so once each', async () => {
    const path = join(folder, 'fifo');
    const heard = listenTo(await readerOf(`{ adapter: lines, path: ${path} }`));
    await expect.poll(() => heard.length).toBe(1);
    expect(heard[0]).toContain('ENOENT');
    makeFifo(path);
    await expect.poll(() => heard.at(-1)).toBe('recovered');
    await writeFile(path, '04A2B3C4\n');
    await expect.poll(() => heard.at(-1)).toBe('04A2B3C4');
    expect(heard).toHaveLength(3);
  });

  it('takes a file that ends for no device', async () => {
    const path = join(folder, 'file');
    await writeFile(path, '');
    const heard = listenTo(await readerOf(`{ adapter: lines, path: ${path} }`));
    await expect.poll(() => heard.at(0)).toContain('it is at its end');
  });

  it('can be stopped at once, before its device was opened', async () => {
    const reader = await readerOf(`{ adapter: lines, path: ${join(folder, 'none')} }`);
    await reader.stop();
    expect(listenTo(reader)).toEqual([]);
  });
});

describe('a reader that types', () => {
  it('is read from its event device', async () => {
    const path = join(folder, 'event0');
    makeFifo(path);
    const heard = listenTo(await readerOf(`{ adapter: keyboard, device: ${path} }`));
    const size = process.arch === 'arm' || process.arch === 'ia32' ? 16 : 24;
    // 1, 2, 3, 4, Enter
    const bytes = Buffer.concat(
      [2, 3, 4, 5, 28].map((code) => {
        const event = Buffer.alloc(size);
        event.writeUInt16LE(1, size - 8);
        event.writeUInt16LE(code, size - 6);
        event.writeInt32LE(1, size - 4);
        return event;
      }),
    );
    const writer = await open(path, 'w');
    await writer.write(bytes.subarray(0, 50));
    await writer.write(bytes.subarray(50));
    await writer.close();
    await expect.poll(() => heard).toEqual(['1234']);
  });
});

describe('a reader on a stream', () => {
  function fakeStream() {
    const clock = new FakeClock();
    const sources: (ByteListener & { closed: boolean })[] = [];
    const reader = new StreamReader({
      name: 'fake',
      open: (listener) => {
        const source = { ...listener, closed: false };
        sources.push(source);
        return { close: () => Promise.resolve(void (source.closed = true)) };
      },
      decoder: new LineDecoder(),
      clock,
      reconnectMinMs: 500,
      reconnectMaxMs: 4_000,
      random: () => 1,
    });
    return { clock, sources, reader, heard: listenTo(reader) };
  }

  it('tries again after 1, 2 and 4 seconds, and then every 4, and begins anew after a recovery', () => {
    const { clock, sources, heard } = fakeStream();
    const waits = [1_000, 2_000, 4_000, 4_000];
    for (const [i, wait] of waits.entries()) {
      sources[i].onEnd('ENODEV');
      clock.advance(wait - 1);
      expect(sources).toHaveLength(i + 1);
      clock.advance(1);
      expect(sources).toHaveLength(i + 2);
    }
    sources[4].onOpen();
    sources[4].onEnd('ENODEV');
    clock.advance(1_000);
    expect(sources).toHaveLength(6);
    expect(heard).toEqual(['fault: ENODEV', 'recovered', 'fault: ENODEV']);
  });

  it('never joins two halves of cards: not over an unplugging, and not over a pause of seconds', () => {
    const { clock, sources, heard } = fakeStream();
    sources[0].onOpen();
    sources[0].onBytes(Buffer.from('1111'));
    sources[0].onEnd('EIO');
    clock.advance(1_000);
    sources[1].onOpen();
    sources[1].onBytes(Buffer.from('2222\n3333'));
    clock.advance(2_001);
    sources[1].onBytes(Buffer.from('4444\n'));
    expect(heard).toEqual(['fault: EIO', 'recovered', '2222', '4444']);
  });

  it('is not opened again after it was stopped', async () => {
    const { clock, sources, reader } = fakeStream();
    sources[0].onEnd('EIO');
    await reader.stop();
    clock.advance(60_000);
    expect(sources).toHaveLength(1);
  });
});

describe('a replayed reader', () => {
  it('presents its cards at their times', async () => {
    const path = join(folder, 'cards');
    await writeFile(path, '# a visit\n\n100 04A2B3C4\n 1500  04:A2 \n');
    const clock = new FakeClock();
    const heard = listenTo(await readerOf(`{ adapter: replayed, path: ${path} }`, clock));
    clock.advance(99);
    expect(heard).toEqual([]);
    clock.advance(1);
    expect(heard).toEqual(['04A2B3C4']);
    clock.advance(1_400);
    expect(heard).toEqual(['04A2B3C4', '04:A2']);
  });

  it('refuses a file that cannot be read or understood, with the line', async () => {
    await expect(readerOf(`{ adapter: replayed, path: ${join(folder, 'none')} }`)).rejects.toThrow('it cannot be read');
    const path = join(folder, 'cards');
    await writeFile(path, '100 04A2B3C4\nsoon 04A2B3C4\n');
    await expect(readerOf(`{ adapter: replayed, path: ${path} }`)).rejects.toThrow('line 2');
  });
});

/** Makes a pseudo terminal, a serial port's nearest relative; writes what it is told on standard input to its other end. */
const ptyProgram = `
import os, sys, tty
master, slave = os.openpty()
tty.setraw(slave)
print(os.ttyname(slave), flush=True)
os.close(slave)
for line in sys.stdin:
    os.write(master, line.encode().replace(b'\\n', b'\\r\\n'))
`;

const withoutPython = (() => {
  try {
    execFileSync('python3', ['-c', 'import pty']);
    return false;
  } catch {
    console.log('skipped: a serial reader (no python3 to make a pseudo terminal)');
    return true;
  }
})();

describe.skipIf(withoutPython)('a serial reader', () => {
  it('is read line by line, and waited for once it has gone', async () => {
    const pty = spawn('python3', ['-c', ptyProgram], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [path] = (await once(pty.stdout, 'data')) as [Buffer];
    const heard = listenTo(await readerOf(`{ adapter: serial, device: ${path.toString().trim()}, baud: 9600 }`));
    for (const card of ['04A2B3C4', '04A2B3C5']) {
      // What was sent before the port was opened is thrown away: a card is held there until it is read.
      const held = setInterval(() => pty.stdin.write(`${card}\n`), 50);
      await expect.poll(() => heard.at(-1), { timeout: 10_000 }).toBe(card);
      clearInterval(held);
    }
    pty.kill();
    await expect.poll(() => heard.at(-1), { timeout: 10_000 }).toContain('fault');
  });

  it('says that there is no such port', async () => {
    const heard = listenTo(await readerOf(`{ adapter: serial, device: ${join(folder, 'ttyUSB9')}, baud: 9600 }`));
    await expect.poll(() => heard.at(0), { timeout: 10_000 }).toContain('No such file');
  });
});

describe('a device', () => {
  it('tells nothing after it was closed', async () => {
    const path = join(folder, 'fifo');
    makeFifo(path);
    const told: string[] = [];
    const source = deviceSource(
      path,
      systemClock,
    )({ onOpen: () => told.push('open'), onBytes: () => told.push('bytes'), onEnd: () => told.push('end') });
    await source.close();
    await source.close();
    const before = told.length;
    const writer = await open(path, 'r+');
    await writer.write('1234\n');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await writer.close();
    expect(told).toHaveLength(before);
  });
});
