import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { sendCommand } from '../../src/messages/command-client.js';
import { readCredentials } from '../../src/messages/credentials.js';
import { createMessenger, type Messenger } from '../../src/messages/messenger.js';
import { certificateOf, makeCertificates, noOpenssl, shippedLines } from './certificates.js';
import { makeKey } from './commands-support.js';
import {
  doorState,
  eventually,
  freePort,
  granted,
  mqttConfig,
  noMosquitto,
  observe,
  RecordingLog,
  startMosquitto,
} from './support.js';

const missing = noMosquitto ?? noOpenssl;

describe.skipIf(missing)(`mosquitto as config/mosquitto sets it up${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let folder = '';
  const tls = (name: string) => certificateOf(folder, name);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'facelatch-'));
    makeCertificates(folder);
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const start = async (changes: object = {}) => {
    const port = await freePort();
    await startMosquitto(port, shippedLines(folder));
    const url = `mqtts://127.0.0.1:${port}`;
    const ops = makeKey();
    const config = mqttConfig({
      url,
      tls: tls('front-door'),
      commands: { keys: [ops.config] },
      homeAssistant: { enabled: true },
      ...changes,
    });
    const log = new RecordingLog();
    const messenger: Messenger = createMessenger({
      config,
      doorId: 'front-door',
      clock: systemClock,
      log,
      commands: { emit: () => undefined, handle: ({ name }) => Promise.resolve({ did: name }) },
    });
    onTestFinished(() => messenger.stop());
    await messenger.start();
    return { messenger, url, ops, log };
  };
  const as = async (name: string) => await readCredentials(mqttConfig({ url: 'mqtts://x', tls: tls(name) }));

  it('lets the door speak, the reader listen and the operator command', async () => {
    const { messenger, url, ops, log } = await start();
    await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
    const { seen } = await observe(url, 'facelatch/front-door/+', await as('reader'));
    messenger.publishState(doorState);
    messenger.publishEvent(granted(1));
    await eventually(() => {
      const topics = new Set(seen.map(({ topic }) => topic.replace('facelatch/front-door/', '')));
      expect([...topics].sort()).toEqual(['availability', 'event', 'state']);
    });
    const answer = await sendCommand({
      url,
      credentials: await as('operator'),
      door: 'front-door',
      key: ops.key,
      command: 'list',
      args: {},
      timeoutMs: 10_000,
      clock: systemClock,
      onProgress: () => undefined,
    });
    expect(answer).toEqual({ did: 'list' });
    await eventually(() => expect(messenger.status().outbox.events).toBe(0));
    expect(log.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  });

  it('lets neither reader nor operator speak for the door', async () => {
    const { messenger, url } = await start();
    await eventually(() => expect(messenger.status().connection.state).toBe('connected'));
    const { seen } = await observe(url, 'facelatch/front-door/+', await as('reader'));
    for (const name of ['reader', 'operator']) {
      const { client } = await observe(url, 'x', { ...(await as(name)), protocolVersion: 5 });
      for (const topic of ['event', 'state', 'availability']) {
        await expect(client.publishAsync(`facelatch/front-door/${topic}`, 'forged', { qos: 1 })).rejects.toThrow(
          /Not authorized/i,
        );
      }
    }
    messenger.publishEvent(granted(2));
    await eventually(() => expect(seen.some(({ topic }) => topic.endsWith('/event'))).toBe(true));
    expect(seen.map(({ payload }) => payload)).not.toContain('forged');
  });

  it('turns away a door without a certificate, and one of another authority', async () => {
    const ca = { caFile: join(folder, 'ca.crt') };
    for (const credentials of [ca, { ...tls('forged'), ...ca }]) {
      const { messenger } = await start({ tls: credentials });
      await eventually(() => expect(messenger.status().connection.failures).toBeGreaterThanOrEqual(2));
      expect(messenger.status().connection.protocolVersion).toBeUndefined();
      expect(messenger.status().connection.problem).toBeDefined();
    }
  });

  it('is not trusted by a door that trusts another authority', async () => {
    const { messenger } = await start({ tls: { ...tls('front-door'), caFile: join(folder, 'other-ca.crt') } });
    await eventually(() => expect(messenger.status().connection.problem).toMatch(/certificate/));
    expect(messenger.status().connection.state).not.toBe('connected');
  });
});
