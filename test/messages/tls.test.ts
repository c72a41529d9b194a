import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/clock.js';
import { sendCommand } from '../../src/messages/command-client.js';
import { readCredentials } from '../../src/messages/credentials.js';
import { createMessenger, type Messenger } from '../../src/messages/messenger.js';
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

const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? undefined : 'openssl is not installed';
const missing = noMosquitto ?? noOpenssl;

/** The shipped configuration with our port and our files in the place of its own. */
function shippedLines(folder: string): string[] {
  const at = (name: string) => join(folder, name);
  copyFileSync('config/mosquitto/facelatch.acl', at('facelatch.acl'));
  return readFileSync('config/mosquitto/facelatch.conf', 'utf8')
    .replaceAll(/\/etc\/mosquitto\/(certs\/)?/g, `${folder}/`)
    .split('\n')
    .filter((line) => line !== '' && !/^(#|listener|persistence)/.test(line));
}

describe.skipIf(missing)(`mosquitto as config/mosquitto sets it up${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let folder = '';
  const tls = (name: string) => ({
    caFile: join(folder, 'ca.crt'),
    certFile: join(folder, `${name}.crt`),
    keyFile: join(folder, `${name}.key`),
  });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'facelatch-'));
    const openssl = (...args: string[]) => {
      const { status, stderr } = spawnSync('openssl', args, { cwd: folder });
      if (status !== 0) throw new Error(stderr.toString());
    };
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const authority = (name: string) =>
      openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.crt`, '-days', '2', '-subj', '/CN=Doors');
    authority('ca');
    authority('other-ca');
    writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1\n');
    for (const [name, ca] of [
      ['broker', 'ca'],
      ['front-door', 'ca'],
      ['operator', 'ca'],
      ['reader', 'ca'],
      ['forged', 'other-ca'],
    ] as const) {
      const subject = name === 'forged' ? 'front-door' : name;
      openssl('req', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${subject}`);
      const sign = ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-extfile', 'names', '-days', '2'];
      openssl('x509', '-req', '-in', `${name}.csr`, ...sign, '-out', `${name}.crt`);
    }
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
