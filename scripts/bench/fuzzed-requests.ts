import fc from 'fast-check';
import { COMMAND_NAMES } from '../../src/command-names.js';
import { signCommand } from '../../src/messages/command-envelope.js';
import type { SigningKey } from '../../src/messages/command-keys.js';
import type { CommandBody } from '../../src/messages/command-schemas.js';

/** What somebody puts on a request topic: its last level, and the payload. None of them may ever act. */
export interface FuzzedRequest {
  readonly command: string;
  readonly payload: Buffer;
}

export interface FuzzKeys {
  /** A key that the door knows; what it signs here is stale, for another door, or makes no sense. */
  readonly known: SigningKey;
  /** A key that the door does not know, under the id of the one that it knows. */
  readonly forged: SigningKey;
}

/** Signing takes longer than everything else here: so many are signed once and used again. */
const SIGNED = 200;

/** Requests as an attacker, a broken client or a cosmic ray would make them. */
export function fuzzedRequests({ known, forged }: FuzzKeys): fc.Arbitrary<FuzzedRequest> {
  const text = (arbitrary: fc.Arbitrary<string>) => arbitrary.map((value) => Buffer.from(value));
  const json = (arbitrary: fc.Arbitrary<unknown>) => arbitrary.map((value) => Buffer.from(JSON.stringify(value)));
  const base64url = (bytes: number) =>
    fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('base64url'));

  const envelope = fc.record(
    {
      v: fc.oneof(fc.constant(1), fc.anything({ withBigInt: false })),
      kid: fc.oneof(fc.constantFrom(known.kid, '__proto__', 'constructor', 'x'.repeat(65)), fc.anything()),
      body: fc.oneof(base64url(60), fc.string()),
      sig: fc.oneof(base64url(64), fc.string()),
      more: fc.anything(),
    },
    { requiredKeys: ['v', 'kid'] },
  );
  const deep = fc
    .tuple(fc.constantFrom('[', '{"a":', '[{"__proto__":'), fc.integer({ min: 100, max: 2_500 }))
    .map(([opening, depth]) => opening.repeat(depth));
  const polluting = fc
    .tuple(fc.constantFrom('__proto__', 'constructor', 'prototype'), fc.json())
    .map(([key, value]) => `{"${key}":${value},"v":1,"kid":"${known.kid}","body":"AA","sig":"AA"}`);
  const signed = fc.constantFrom(...signedOnce(known, forged));
  const damaged = fc.tuple(signed, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([payload, at, change]) => {
    const bytes = Buffer.from(payload);
    bytes[at % bytes.length] ^= change;
    return bytes;
  });
  const large = fc.integer({ min: 8_193, max: 65_536 }).map((bytes) => Buffer.alloc(bytes, 'A'));

  return fc.record({
    command: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...COMMAND_NAMES) },
      { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 20 }).map((name) => name.replaceAll(/[+#/\0]/g, 'x')) },
    ),
    payload: fc.oneof(
      { weight: 4, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
      { weight: 4, arbitrary: text(fc.json()) },
      { weight: 4, arbitrary: json(envelope) },
      { weight: 2, arbitrary: text(polluting) },
      { weight: 1, arbitrary: text(deep) },
      { weight: 2, arbitrary: signed },
      { weight: 2, arbitrary: damaged },
      { weight: 1, arbitrary: large },
    ),
  });
}

function signedOnce(known: SigningKey, forged: SigningKey): Buffer[] {
  const changes: Record<string, unknown>[] = [
    {},
    { door: 'back-door' },
    { command: 'toString' },
    { args: { __proto__: null, pulseMs: 1e9 } },
    { args: [] },
    { nonce: '' },
    { id: '../../etc/passwd' },
    { issuedAt: 'now' },
  ];
  return Array.from({ length: SIGNED }, (_, index) => {
    const body = {
      ...{ door: 'front-door', command: COMMAND_NAMES[index % COMMAND_NAMES.length], id: `fuzz-${index}` },
      // Never the door's: that one is random, and changes.
      ...{ nonce: Buffer.alloc(16, index).toString('base64url'), issuedAt: '2026-01-05T08:00:00.000Z', args: {} },
      ...changes[index % changes.length],
    } as CommandBody;
    return Buffer.from(signCommand(index % 3 === 0 ? forged : known, body));
  });
}
