import { sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkCommand, type CheckContext, type Request } from '../../src/messages/check-command.js';
import { commandKeysOf } from '../../src/messages/command-keys.js';
import { bodyOf, makeKey, NONCE, signed } from './commands-support.js';

const ops = makeKey('ops-1');
const clerk = makeKey('clerk', ['list']);
const stranger = makeKey('ops-1');
const context: CheckContext = {
  door: 'front-door',
  keys: commandKeysOf([ops.config, clerk.config]),
  maxBytes: 8_192,
  withinRate: () => true,
  nonce: NONCE,
};
const check = (payload: Buffer | string, request: Partial<Request> = {}, changes: Partial<CheckContext> = {}) =>
  checkCommand({ command: 'unlock', payload: Buffer.from(payload), retained: false, ...request }, { ...context, ...changes });
const reasonFor = (...args: Parameters<typeof check>) => {
  const verdict = check(...args);
  return verdict.accepted ? 'accepted' : verdict.reason;
};

/** An envelope whose body is any text, signed by `key`. */
function envelope(text: string, changes: object = {}, key = ops.key): string {
  const bytes = Buffer.from(text);
  const signature = sign(null, Buffer.concat([Buffer.from('facelatch-command-v1\0'), bytes]), key.privateKey);
  return JSON.stringify({
    v: 1,
    kid: key.kid,
    body: bytes.toString('base64url'),
    sig: signature.toString('base64url'),
    ...changes,
  });
}

describe('checkCommand', () => {
  it('accepts what the right key signed for this door, this command and this nonce', () => {
    expect(check(signed(ops.key))).toEqual({ accepted: true, command: { name: 'unlock', args: {} }, id: 'c-1', kid: 'ops-1' });
    const enroll = signed(ops.key, { command: 'enroll', args: { name: 'Kian', photographs: ['_9j_'] } });
    expect(check(enroll, { command: 'enroll' })).toMatchObject({
      accepted: true,
      command: { name: 'enroll', args: { name: 'Kian', photographs: ['_9j_'] } },
    });
    const capture = signed(ops.key, { command: 'enroll-capture', args: { name: 'Kian' } });
    expect(check(capture, { command: 'enroll-capture' })).toMatchObject({ command: { args: { timeoutSeconds: 60 } } });
  });

  it('refuses by the first check that fails, in the order of the documentation', () => {
    // Each fails its own check and every later one that it can.
    const late = { door: 'back-door', nonce: 'A'.repeat(22) };
    expect(reasonFor('x'.repeat(8_193), { retained: true }, { withinRate: () => false })).toBe('size');
    expect(reasonFor('x', { retained: true }, { withinRate: () => false })).toBe('retained');
    expect(reasonFor('x', {}, { withinRate: () => false })).toBe('rate');
    expect(reasonFor('x')).toBe('envelope');
    expect(reasonFor(signed({ ...stranger.key, kid: 'nobody' }, { command: 'x' }))).toBe('key');
    expect(reasonFor(signed(stranger.key, { command: 'x' }))).toBe('signature');
    expect(reasonFor(signed(clerk.key, { ...late, command: 'x' }))).toBe('body');
    expect(reasonFor(signed(clerk.key, late))).toBe('door');
    expect(reasonFor(signed(clerk.key, { nonce: 'A'.repeat(22) }))).toBe('nonce');
    expect(reasonFor(signed(clerk.key))).toBe('permission');
    expect(reasonFor(signed(ops.key))).toBe('accepted');
  });

  it('asks for the rate with the size, and not for what is too large or retained', () => {
    const asked: number[] = [];
    const withinRate = (bytes: number) => asked.push(bytes) > 0;
    check('x'.repeat(8_193), {}, { withinRate });
    check('x', { retained: true }, { withinRate });
    check('xyz', {}, { withinRate });
    expect(asked).toEqual([3]);
  });

  it('tells only who signed it which command it was', () => {
    expect(check(signed(stranger.key))).not.toHaveProperty('id');
    expect(check('{}')).not.toHaveProperty('kid');
    expect(check(signed(ops.key, { nonce: 'B'.repeat(22) }))).toMatchObject({ id: 'c-1', kid: 'ops-1' });
  });

  it('refuses a changed bit anywhere in the body or the signature', () => {
    const payload = JSON.parse(signed(ops.key).toString()) as { body: string; sig: string };
    for (const field of ['body', 'sig'] as const) {
      const bytes = Buffer.from(payload[field], 'base64url');
      for (let bit = 0; bit < bytes.length * 8; bit += 5) {
        const changed = Buffer.from(bytes);
        changed[bit >> 3] ^= 1 << (bit & 7);
        expect(reasonFor(JSON.stringify({ ...payload, [field]: changed.toString('base64url') }))).toBe('signature');
      }
    }
  });

  it('refuses a signature made for something else', () => {
    const bytes = Buffer.from(JSON.stringify(bodyOf()));
    for (const context of ['', 'facelatch-command-v1', 'facelatch-command-v2\0']) {
      const sig = sign(null, Buffer.concat([Buffer.from(context), bytes]), ops.key.privateKey).toString('base64url');
      expect(reasonFor(envelope(bytes.toString(), { sig }))).toBe('signature');
    }
  });

  it('refuses base64 that is not exactly base64url', () => {
    const good = JSON.parse(signed(ops.key).toString()) as { body: string; sig: string };
    const lastBits = (text: string) => {
      // The unused bits of the last character set: the same bytes to a lenient decoder.
      const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
      return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) | 1);
    };
    expect(Buffer.from(lastBits(good.sig), 'base64url').equals(Buffer.from(good.sig, 'base64url'))).toBe(true);
    expect(reasonFor(JSON.stringify({ ...good, sig: lastBits(good.sig) }))).toBe('signature');
    for (const body of [`${good.body}=`, ` ${good.body}`, `${good.body}\n`, good.body.replace(/.$/, '+')]) {
      expect(reasonFor(JSON.stringify({ ...good, body }))).toBe('envelope');
    }
  });

  it.each([
    ['', 'envelope'],
    ['null', 'envelope'],
    ['[]', 'envelope'],
    ['{"v":1}', 'envelope'],
    ['\u0000', 'envelope'],
    [`${'['.repeat(4_000)}${']'.repeat(4_000)}`, 'envelope'],
    [envelope(JSON.stringify(bodyOf()), { v: 2 }), 'envelope'],
    [envelope(JSON.stringify(bodyOf()), { kid: '__proto__' }), 'envelope'],
    [envelope(JSON.stringify(bodyOf()), { kid: 'constructor' }), 'key'],
    [envelope(JSON.stringify(bodyOf()), { more: 1 }), 'envelope'],
    [envelope(JSON.stringify(bodyOf())).replace('{', '{"__proto__":{"accepted":true},'), 'envelope'],
    [envelope(''), 'envelope'],
    [envelope('null'), 'body'],
    [envelope('{"door":"front-door"}'), 'body'],
    [envelope(JSON.stringify(bodyOf()).replace('{', '{"__proto__":{"x":1},')), 'body'],
    [envelope(JSON.stringify(bodyOf()).replace('"args":{}', '"args":{"__proto__":{"x":1}}')), 'body'],
    [envelope(JSON.stringify({ ...bodyOf(), more: 1 })), 'body'],
    [envelope(JSON.stringify(bodyOf({ args: { pulseMs: 1e9 } }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ args: undefined }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ args: [] }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ id: '../../etc' }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ id: 7 }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ issuedAt: 'now' }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ nonce: '' }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ command: 'lock' }))), 'body'],
    [envelope(JSON.stringify(bodyOf({ command: 'toString' }))), 'body'],
  ])('refuses %j', (payload, reason) => {
    expect(reasonFor(payload)).toBe(reason);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('refuses bytes that are not UTF-8, signed or not', () => {
    expect(reasonFor(Buffer.from([0x7b, 0xff, 0x7d]))).toBe('envelope');
    const bytes = Buffer.concat([Buffer.from('{"door":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    const sig = sign(null, Buffer.concat([Buffer.from('facelatch-command-v1\0'), bytes]), ops.key.privateKey).toString(
      'base64url',
    );
    expect(reasonFor(JSON.stringify({ v: 1, kid: 'ops-1', body: bytes.toString('base64url'), sig }))).toBe('body');
  });

  it('accepts nothing before there is a nonce', () => {
    expect(reasonFor(signed(ops.key, { nonce: '' }), {}, { nonce: '' })).toBe('body');
  });

  it('never throws and never accepts, whatever comes', () => {
    const anything = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .record({ v: fc.anything(), kid: fc.constantFrom('ops-1', 'x'), body: fc.base64String(), sig: fc.base64String() })
        .map((value) => Buffer.from(JSON.stringify(value))),
      fc.json().map((text) => Buffer.from(envelope(text))),
    );
    fc.assert(
      fc.property(anything, fc.string(), fc.boolean(), (payload, command, retained) => {
        expect(check(payload, { command, retained }).accepted).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
