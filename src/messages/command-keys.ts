import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import type { CommandName } from '../command-names.js';
import type { Config } from '../config-schema.js';
import { fault, reasonOf } from '../errors.js';
import { keyIdSchema } from './command-schemas.js';

/** Somebody who may command this door: only the public half is known here. */
export interface CommandKey {
  readonly kid: string;
  readonly publicKey: KeyObject;
  readonly commands: ReadonlySet<CommandName>;
}

/** The half that stays with who commands. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

/** What a door is told of a key. */
export interface PublicKey {
  readonly kid: string;
  /** 32 bytes in base64url. */
  readonly publicKey: string;
}

const KEY_FORMAT = { kty: 'OKP', crv: 'Ed25519' } as const;

/** Ed25519 keys are 32 bytes (RFC 8032 clause 5.1.5). */
const halfSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const keyFileSchema = z.strictObject({
  facelatchKey: z.literal(1),
  kid: keyIdSchema,
  publicKey: halfSchema,
  privateKey: halfSchema,
});

/** The keys of the configuration by their id; the configuration has checked that none is there twice. */
export function commandKeysOf(keys: Config['mqtt']['commands']['keys']): ReadonlyMap<string, CommandKey> {
  return new Map(
    keys.map(({ kid, publicKey, commands }) => {
      const key = createPublicKey({ key: { ...KEY_FORMAT, x: publicKey }, format: 'jwk' });
      return [kid, { kid, publicKey: key, commands: new Set(commands) }];
    }),
  );
}

/**
 * Makes a key pair and writes it to a new file that only its owner may read.
 *
 * @returns the public half, 32 bytes in base64url, for the configuration of the doors
 * @throws FacelatchError KEY_FILE (the file is there already, or cannot be written)
 */
export async function writeNewKey(path: string, kid: string): Promise<string> {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d, x } = privateKey.export({ format: 'jwk' });
  const content = keyFileSchema.parse({ facelatchKey: 1, kid, publicKey: x, privateKey: d });
  try {
    // wx: a key that is in use is never overwritten.
    await writeFile(path, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' });
  } catch (cause) {
    throw fault('KEY_FILE', { path, reason: reasonOf(cause) }, cause);
  }
  return content.publicKey;
}

/** @throws FacelatchError KEY_FILE */
export async function readSigningKey(path: string): Promise<SigningKey> {
  const { kid, publicKey, privateKey } = await readKeyFile(path);
  try {
    return { kid, privateKey: createPrivateKey({ key: { ...KEY_FORMAT, x: publicKey, d: privateKey }, format: 'jwk' }) };
  } catch (cause) {
    throw fault('KEY_FILE', { path, reason: 'a pair that is no Ed25519 key' }, cause);
  }
}

/** The half that may be known. @throws FacelatchError KEY_FILE */
export async function readPublicKey(path: string): Promise<PublicKey> {
  const { kid, publicKey } = await readKeyFile(path);
  return { kid, publicKey };
}

async function readKeyFile(path: string): Promise<z.output<typeof keyFileSchema>> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) throw new Error(`a file that others than its owner can use (chmod 600 ${path})`);
    return keyFileSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    // Never what the file holds.
    const reason = cause instanceof z.ZodError || cause instanceof SyntaxError ? 'another content' : reasonOf(cause);
    throw fault('KEY_FILE', { path, reason }, cause);
  }
}
