import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import mqtt from 'mqtt';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fuzzedRequests } from '../../scripts/bench/fuzzed-requests.js';
import { systemClock } from '../../src/clock.js';
import type { Happening } from '../../src/events.js';
import { sendCommand } from '../../src/messages/command-client.js';
import { CommandDesk } from '../../src/messages/command-desk.js';
import { createMessenger } from '../../src/messages/messenger.js';
import { topicsOf } from '../../src/messages/topics.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { makeKey } from './commands-support.js';
import { doorState, eventually, mqttConfig, RecordingLog } from './support.js';

const SEED = 20_260_105;
const ops = makeKey('ops-1');
const forged = makeKey('ops-1').key;
const requests = fuzzedRequests({ known: ops.key, forged });

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const heapBytes = () => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

const quiet = () => undefined;
/** What the log of a test keeps would count as the desk's. */
const silent = { debug: quiet, info: quiet, warn: quiet, error: quiet };

const countOf = (told: readonly Happening[]) =>
  told.reduce((sum, event) => sum + (event.type === 'command_rejected' ? (event.count ?? 1) : 0), 0);

describe('the command desk', () => {
  it('obeys none of 100,000 fuzzed requests, survives them all and keeps nothing of them', () => {
    const clock = new FakeClock();
    const topics = topicsOf('front-door');
    let obeyed = 0;
    let told = 0;
    let refused = 0;
    let answered = 0;
    const desk = new CommandDesk({
      config: mqttConfig({ commands: { keys: [ops.config], perSecond: 1_000, burst: 10_000 } }).commands,
      ...{ door: 'front-door', topics, clock, log: silent },
      emit(event) {
        told++;
        refused += countOf([event]);
      },
      handle() {
        obeyed++;
        return Promise.resolve();
      },
      reply() {
        answered++;
      },
      recorded: () => Promise.resolve(),
      onNonce: () => undefined,
    });
    desk.start();
    let sent = 0;
    let beforeBytes = 0;
    fc.assert(
      fc.property(requests, fc.boolean(), ({ command, payload }, retained) => {
        desk.receive({ topic: topics.request(command), payload, retained });
        clock.advance(1);
        if (++sent === 10_000) beforeBytes = heapBytes();
      }),
      { seed: SEED, numRuns: 100_000 },
    );
    const grownBytes = heapBytes() - beforeBytes;
    desk.stop();
    expect(obeyed).toBe(0);
    expect(refused).toBe(sent);
    // A second has a count of each command and reason, however many came.
    expect(told).toBeLessThan(sent);
    expect(answered).toBeGreaterThan(0);
    expect(grownBytes).toBeLessThan(20e6);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  }, 120_000);
});

describe('a door that is flooded with fuzzed requests over a socket', () => {
  it('obeys none of 5,000, is still there, and obeys the next good command', async () => {
    const told: Happening[] = [];
    const obeyed: string[] = [];
    const messenger = createMessenger({
      config: mqttConfig({ commands: { keys: [ops.config] } }),
      doorId: 'front-door',
      clock: systemClock,
      log: new RecordingLog(),
      commands: {
        emit: (event) => told.push(event),
        handle: ({ name }) => {
          obeyed.push(name);
          return Promise.resolve({ people: [] });
        },
      },
    });
    onTestFinished(() => messenger.stop());
    await messenger.start();
    messenger.publishState(doorState);
    await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
    const { url } = messenger.status().connection;
    const client = await mqtt.connectAsync(url);
    onTestFinished(async () => await client.endAsync(true));
    const flood = fc.sample(requests, { seed: SEED, numRuns: 5_000 });
    await Promise.all(
      flood.map(({ command, payload }) => client.publishAsync(`facelatch/front-door/request/${command}`, payload, { qos: 1 })),
    );
    await eventually(() => expect(countOf(told)).toBe(flood.length));
    expect(obeyed).toEqual([]);
    expect(told.length).toBeLessThan(500);
    // The rate allows the next one a moment later.
    await eventually(async () => {
      await sendCommand({
        ...{ url, credentials: {}, door: 'front-door', key: ops.key, command: 'list', args: {} },
        ...{ timeoutMs: 1_000, clock: systemClock, onProgress: () => undefined },
      });
    });
    expect(obeyed).toEqual(['list']);
    expect(messenger.status().connection).toMatchObject({ state: 'connected', connections: 1 });
  }, 60_000);
});
