import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Checks } from '../../../scripts/board/checks.js';
import { doorConfig } from '../../../scripts/board/door-config.js';
import { difference, differenceOf } from '../../../scripts/board/embeddings.js';
import { JsonLines } from '../../../scripts/board/json-lines.js';
import { LineWatch } from '../../../scripts/board/line-watch.js';
import { isDrivenHigh, parsePl061 } from '../../../scripts/board/pl061.js';
import { summary } from '../../../scripts/board/summary.js';
import { COMMAND_NAMES } from '../../../src/command-names.js';
import { parseConfig } from '../../../src/config.js';
import { eventually, temporaryFolder } from '../../messages/support.js';

describe('the GPIO controller from outside', () => {
  it('has a line high only where it is an output that is driven high', () => {
    const registers = parsePl061('00000000090303fc: 0x00000028 0x00000020\r\n');
    expect(registers).toEqual({ data: 0x28, direction: 0x20 });
    expect(isDrivenHigh(registers, 5)).toBe(true);
    expect(isDrivenHigh(registers, 3)).toBe(false);
    expect(isDrivenHigh({ data: 0, direction: 0x20 }, 5)).toBe(false);
  });

  it('is not guessed when the monitor says something else', () => {
    expect(() => parsePl061('Cannot access memory')).toThrow(/received "Cannot access memory"/);
  });

  it('is watched: changes are kept with their times, and one that does not come is an error', async () => {
    let high = false;
    const watch = new LineWatch(() => Promise.resolve(high));
    watch.start();
    const startMs = performance.now();
    high = true;
    const rise = await watch.until(true, startMs, 60_000);
    high = false;
    const fall = await watch.until(false, rise.atMs, 60_000);
    expect(fall.atMs).toBeGreaterThan(rise.atMs);
    expect(watch.since(startMs).map((change) => change.high)).toEqual([true, false]);
    await expect(watch.until(true, fall.atMs, 50)).rejects.toThrow('expected the line high');
    await watch.stop();
  });
});

describe('embeddings of two machines', () => {
  const exported = (...vectors: number[][]) => ({ people: [{ name: 'Ada', templates: vectors.map((vector) => ({ vector })) }] });

  it('differ by their worst component and by their distance', () => {
    expect(difference([0.6, 0.8], [0.6, 0.8])).toEqual({ component: 0, distance: 0 });
    const { component, distance } = differenceOf(exported([0.6, 0.8]), exported([0.603, 0.796]));
    expect(component).toBeCloseTo(0.004);
    expect(distance).toBeCloseTo(0.005);
  });

  it('are not compared when one is missing', () => {
    expect(() => differenceOf(exported([1]), exported())).toThrow(/one template of Ada/);
    expect(() => difference([1], [1, 0])).toThrow(/received 1 and 2/);
  });
});

describe('JSON lines to QEMU', () => {
  it('join answers to questions by their ids, through greetings and torn lines, and end with the connection', async () => {
    const path = join(temporaryFolder(), 'socket');
    const clients: Socket[] = [];
    const server = createServer((socket) => {
      clients.push(socket);
      socket.write('{"QMP":{}}\nan": torn\n');
      socket.on('data', (data: Buffer) => {
        const asked = data.toString().trim().split('\n').reverse();
        for (const line of asked) {
          const { execute, id } = JSON.parse(line) as { execute: string; id: number };
          if (execute === 'refused') socket.write(`${JSON.stringify({ id, error: { desc: 'not now' } })}\n`);
          else if (execute !== 'unanswered') socket.write(`${JSON.stringify({ id, return: execute })}\n`);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
    const lines = await JsonLines.connect(path, 1_000);
    expect(await Promise.all([lines.ask('one'), lines.ask('two')])).toEqual(['one', 'two']);
    await expect(lines.ask('refused')).rejects.toThrow('not now');
    await expect(lines.ask('unanswered', {}, 20)).rejects.toThrow('expected an answer to unanswered');
    const unanswered = lines.ask('unanswered');
    await eventually(() => expect(clients).toHaveLength(1));
    clients[0].destroy();
    await expect(unanswered).rejects.toThrow('closed the connection');
  });
});

describe('the door of the board', () => {
  it.each(['onoff', 'gpiochip'] as const)('is configured as the daemon understands it, with %s', (adapter) => {
    const signer = { kid: 'host', publicKey: 'A'.repeat(43), commands: COMMAND_NAMES };
    const { relay } = parseConfig(doorConfig(adapter, 'http://10.0.2.2:1234/stream', signer), 'the board');
    expect(relay).toMatchObject({ adapter, line: 5 });
  });
});

describe('the checks', () => {
  it('keep what was measured and what failed, leave out other names, and end where all the rest depends on one', async () => {
    const checks = new Checks(() => Promise.resolve('its log'), /face/);
    await checks.must('boot', () => Promise.resolve('3 s'));
    await checks.check('a face', () => Promise.reject(new Error('nobody came')));
    await checks.check('SIGKILL', () => Promise.reject(new Error('left out')));
    await expect(checks.must('reload', () => Promise.reject(new Error('refused')))).rejects.toThrow('"reload" failed');
    expect(checks.results).toEqual([
      { name: 'boot', detail: '3 s', passed: true },
      { name: 'a face', detail: 'nobody came', passed: false },
      { name: 'reload', detail: 'refused', passed: false },
    ]);
  });
});

describe('the summary', () => {
  it('names every check, and counts in its last line', () => {
    const text = summary([
      { name: 'a face', detail: '5.0 s', passed: true },
      { name: 'SIGKILL', detail: 'too late', passed: false },
    ]);
    expect(text.split('\n')).toEqual(['ok      a face   5.0 s', 'FAILED  SIGKILL  too late', '1 passed, 1 failed']);
  });
});
