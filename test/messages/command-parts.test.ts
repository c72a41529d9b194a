import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config.js';
import type { Happening } from '../../src/events.js';
import { decodeBase64url } from '../../src/messages/base64url.js';
import { checkCommand } from '../../src/messages/check-command.js';
import { commandKeysOf, readSigningKey, writeNewKey } from '../../src/messages/command-keys.js';
import { Nonce } from '../../src/messages/nonce.js';
import { RateLimit } from '../../src/messages/rate-limit.js';
import { Rejections } from '../../src/messages/rejections.js';
import { responseTopicFor } from '../../src/messages/response-topic.js';
import { FakeClock } from '../fakes/fake-clock.js';
import { NONCE, signed } from './commands-support.js';
import { temporaryFolder } from './support.js';

describe('decodeBase64url', () => {
  it('decodes what was encoded, and nothing else', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeBase64url(Buffer.from(bytes).toString('base64url'))?.equals(bytes)));
    for (const text of ['A', 'AA=', 'AA==', 'A A', '+A', '/w', 'AB', 'ä', '\n'])
      expect(decodeBase64url(text), text).toBeUndefined();
  });
});

describe('command keys', () => {
  it('are made in a file of their owner, and sign what the door then knows', async () => {
    const path = join(temporaryFolder(), 'ops-1.key');
    const publicKey = await writeNewKey(path, 'ops-1');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const keys = parseConfig(
      `mqtt: { commands: { keys: [{ kid: ops-1, publicKey: ${publicKey}, commands: [unlock] }] } }`,
      'facelatch.yaml',
    ).mqtt.commands.keys;
    const payload = signed(await readSigningKey(path));
    const context = { door: 'front-door', keys: commandKeysOf(keys), maxBytes: 8_192, withinRate: () => true, nonce: NONCE };
    expect(checkCommand({ command: 'unlock', payload, retained: false }, context).accepted).toBe(true);
  });

  it('never replace a file', async () => {
    const path = join(temporaryFolder(), 'ops-1.key');
    await writeNewKey(path, 'ops-1');
    const before = readFileSync(path, 'utf8');
    await expect(writeNewKey(path, 'ops-1')).rejects.toMatchObject({ code: 'KEY_FILE' });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('say what is wrong with a file without showing it', async () => {
    const path = join(temporaryFolder(), 'ops-1.key');
    await expect(readSigningKey(path)).rejects.toThrow(/ENOENT/);
    for (const content of ['secret', '{"privateKey":"secret"}']) {
      writeFileSync(path, content, { mode: 0o600 });
      await expect(readSigningKey(path)).rejects.toThrow(/another content/);
      await expect(readSigningKey(path)).rejects.not.toThrow(/secret/);
    }
  });

  it.each([
    ['{ kid: a, publicKey: short, commands: [unlock] }', 'expected 32 bytes in base64url'],
    [`{ kid: A, publicKey: ${'A'.repeat(43)}, commands: [unlock] }`, 'a-z'],
    [`{ kid: a, publicKey: ${'A'.repeat(43)}, commands: [open] }`, 'unlock'],
    [`{ kid: a, publicKey: ${'A'.repeat(43)}, commands: [] }`, 'commands'],
    [
      `{ kid: a, publicKey: ${'A'.repeat(43)}, commands: [list] }, { kid: a, publicKey: ${'B'.repeat(43)}, commands: [list] }`,
      'each kid once',
    ],
  ])('are refused in the configuration as %s', (keys, problem) => {
    expect(() => parseConfig(`mqtt: { commands: { keys: [${keys}] } }`, 'facelatch.yaml')).toThrow(problem);
  });
});

describe('the nonce', () => {
  it('is new at start, when spent and after a while, and none before and after', () => {
    const clock = new FakeClock();
    const seen: string[] = [];
    const nonce = new Nonce({ clock, periodMs: 60_000, onChange: () => seen.push(nonce.current) });
    expect(nonce.current).toBe('');
    nonce.start();
    clock.advance(59_000);
    nonce.renew();
    clock.advance(59_000);
    expect(seen).toHaveLength(2);
    clock.jumpWallTime(1e12);
    expect(seen).toHaveLength(2);
    clock.advance(1_000);
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(3);
    for (const value of seen) expect(value).toMatch(/^[A-Za-z0-9_-]{22}$/);
    nonce.stop();
    nonce.stop();
    clock.advance(120_000);
    expect(seen).toHaveLength(3);
    expect(nonce.current).toBe('');
  });
});

describe('the rate limit', () => {
  it('lets a burst through and then so many a second', () => {
    const clock = new FakeClock();
    const limit = new RateLimit(clock, 5, 20);
    const taken = (count: number) => Array.from({ length: count }, () => limit.take(1)).filter(Boolean).length;
    expect(taken(100)).toBe(20);
    clock.advance(1_000);
    expect(taken(100)).toBe(5);
    clock.advance(3_600_000);
    expect(taken(100)).toBe(20);
    expect(limit.take(21)).toBe(false);
  });
});

describe('refusals', () => {
  it('are told at once, and a flood of them as a count each second', () => {
    const clock = new FakeClock();
    const told: Happening[] = [];
    const rejections = new Rejections(clock, (happening) => told.push(happening));
    for (let count = 0; count < 10_000; count++) rejections.note('unlock', 'rate');
    rejections.note('\u0000 any topic \u0000', 'envelope');
    expect(told).toEqual([
      { type: 'command_rejected', command: 'unlock', reason: 'rate' },
      { type: 'command_rejected', command: 'unknown', reason: 'envelope' },
    ]);
    clock.advance(1_000);
    expect(told.slice(2)).toEqual([{ type: 'command_rejected', command: 'unlock', reason: 'rate', count: 9_999 }]);
    rejections.note('unlock', 'rate');
    expect(told).toHaveLength(4);
    rejections.note('unlock', 'rate');
    rejections.flush();
    rejections.flush();
    expect(told.slice(4)).toEqual([{ type: 'command_rejected', command: 'unlock', reason: 'rate' }]);
  });
});

describe('responseTopicFor', () => {
  const own = 'facelatch/front-door/response/list';

  it('honours the wish of the sender', () => {
    expect(responseTopicFor('answers/me', own)).toBe('answers/me');
    expect(responseTopicFor(undefined, own)).toBe(own);
  });

  it('answers below its own responses, where the shipped access rules let it: a client may have a topic of its own', () => {
    expect(responseTopicFor('facelatch/front-door/response/list/client-7', own)).toBe(
      'facelatch/front-door/response/list/client-7',
    );
  });

  it.each([
    'facelatch/front-door/state',
    'facelatch/back-door/request/unlock',
    'facelatch/front-door/response/#',
    'facelatch/back-door/response/list',
    'facelatch/front-door-2/response/list',
    'facelatch',
    'homeassistant/device/x/config',
    'homeassistant',
    '$SYS/x',
    'a/#',
    '+',
    '',
  ])('does not speak as somebody else on %j', (topic) => {
    expect(responseTopicFor(topic, own)).toBe(own);
  });
});
