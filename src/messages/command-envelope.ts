import { sign, verify } from 'node:crypto';
import { decodeBase64url } from './base64url.js';
import type { CommandKey, SigningKey } from './command-keys.js';
import type { CommandBody, Envelope } from './command-schemas.js';

/** Bound to this use: a signature made for anything else is none here, and the other way round. */
const CONTEXT = Buffer.from('facelatch-command-v1\0');

/** The payload of a request: `body`, signed. */
export function signCommand(key: SigningKey, body: CommandBody): string {
  const bytes = Buffer.from(JSON.stringify(body));
  const envelope: Envelope = {
    v: 1,
    kid: key.kid,
    body: bytes.toString('base64url'),
    sig: sign(null, Buffer.concat([CONTEXT, bytes]), key.privateKey).toString('base64url'),
  };
  return JSON.stringify(envelope);
}

/** The signed bytes, or undefined where the key did not sign them. */
export function openEnvelope(key: CommandKey, { body, sig }: Envelope): Buffer | undefined {
  const bytes = decodeBase64url(body);
  const signature = decodeBase64url(sig);
  if (!bytes || !signature) return undefined;
  return verify(null, Buffer.concat([CONTEXT, bytes]), key.publicKey, signature) ? bytes : undefined;
}
