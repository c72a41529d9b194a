import { generateKeyPairSync } from 'node:crypto';
import type { CommandName } from '../../src/command-names.js';
import { COMMAND_NAMES } from '../../src/command-names.js';
import type { Config } from '../../src/config-schema.js';
import { signCommand } from '../../src/messages/command-envelope.js';
import type { SigningKey } from '../../src/messages/command-keys.js';
import type { CommandBody } from '../../src/messages/command-schemas.js';

type KeyConfig = Config['mqtt']['commands']['keys'][number];

/** A key pair and what the configuration of a door says of it. */
export function makeKey(kid = 'ops-1', commands: readonly CommandName[] = COMMAND_NAMES): { key: SigningKey; config: KeyConfig } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const publicKey = privateKey.export({ format: 'jwk' }).x ?? '';
  return { key: { kid, privateKey }, config: { kid, publicKey, commands } };
}

export const NONCE = Buffer.alloc(16, 1).toString('base64url');

export function bodyOf(changes: Partial<Record<keyof CommandBody, unknown>> = {}): CommandBody {
  return {
    door: 'front-door',
    command: 'unlock',
    id: 'c-1',
    nonce: NONCE,
    issuedAt: '2026-01-05T08:00:00.000Z',
    args: {},
    ...changes,
  } as CommandBody;
}

export const signed = (key: SigningKey, changes: Partial<Record<keyof CommandBody, unknown>> = {}) =>
  Buffer.from(signCommand(key, bodyOf(changes)));
