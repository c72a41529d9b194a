import { hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import { fault, reasonOf } from '../../errors.js';

/** Where the key of the people file comes from. */
export type KeySource =
  /** A file with 32 random bytes, raw, as 64 hexadecimal digits or as base64. */
  | { readonly file: string }
  /** The same, handed over by systemd (LoadCredential= or LoadCredentialEncrypted=) in $CREDENTIALS_DIRECTORY. */
  | { readonly credential: string }
  | { readonly passphraseFile: string }
  | { readonly passphrase: string };

/** The settings of the configuration that name a key; at most one of them is set. */
export interface KeySettings {
  readonly keyFile?: string | undefined;
  readonly keyCredential?: string | undefined;
  readonly passphraseFile?: string | undefined;
}

export function keySourceOf(settings: KeySettings): KeySource | undefined {
  if (settings.keyFile !== undefined) return { file: settings.keyFile };
  if (settings.keyCredential !== undefined) return { credential: settings.keyCredential };
  if (settings.passphraseFile !== undefined) return { passphraseFile: settings.passphraseFile };
  return undefined;
}

/** What a key source holds: never logged, never in an error. */
export type Secret = { readonly kind: 'key'; readonly bytes: Buffer } | { readonly kind: 'passphrase'; readonly text: string };

const keyBytes = 32;
const leastPassphrase = 12;

/**
 * scrypt with 32 MB and p = 3: one of the settings of equal strength that OWASP's password storage sheet lists, and the
 * one that fits beside the models in a small board's memory.
 */
const scryptCost = { n: 2 ** 15, r: 8, p: 3 };
// A header could ask for gigabytes before anything in it is authenticated.
const scryptMostBytes = 256 * 2 ** 20;

const salt = z.base64().length(24);

/** How the file's keys are derived from the secret; stands in the header of the file. */
export const derivationSchema = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('hkdf'), salt }),
  z.strictObject({
    name: z.literal('scrypt'),
    n: z
      .int()
      .min(2 ** 14)
      .max(2 ** 20),
    r: z.int().min(1).max(32),
    p: z.int().min(1).max(16),
    salt,
  }),
]);
export type Derivation = z.infer<typeof derivationSchema>;

/** What a secret becomes for one file. */
export interface FileKey {
  readonly derivation: Derivation;
  /** 32 hexadecimal digits that only this secret gives with this derivation: tells a wrong key from a damaged file. */
  readonly keyId: string;
  readonly cipherKey: Buffer;
}

/** @throws PEOPLE_KEY_INVALID */
export async function readSecret(
  source: KeySource,
  credentialsFolder: string | undefined = process.env['CREDENTIALS_DIRECTORY'],
): Promise<Secret> {
  if ('passphrase' in source) return passphrase(source.passphrase, 'the passphrase');
  if ('passphraseFile' in source) {
    const content = await readPrivate(source.passphraseFile);
    return passphrase(content.toString('utf8').replace(/\r?\n$/, ''), source.passphraseFile);
  }
  const path = 'file' in source ? source.file : credentialPath(source.credential, credentialsFolder);
  return { kind: 'key', bytes: parseKey(await readPrivate(path), path) };
}

/** A new derivation for this kind of secret, with its own salt. */
export function newDerivation({ kind }: Secret): Derivation {
  const fresh = randomBytes(16).toString('base64');
  return kind === 'key' ? { name: 'hkdf', salt: fresh } : { name: 'scrypt', ...scryptCost, salt: fresh };
}

/** Undefined where the derivation belongs to the other kind of secret. A passphrase takes 0.2 s here, 1 s on a Pi 4. */
export async function deriveFileKey(secret: Secret, derivation: Derivation): Promise<FileKey | undefined> {
  const master = await masterKey(secret, derivation);
  if (!master) return undefined;
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', master, Buffer.from(derivation.salt, 'base64'), `facelatch people v1 ${purpose}`, bytes));
  return { derivation, keyId: derive('key id', 16).toString('hex'), cipherKey: derive('cipher', keyBytes) };
}

async function masterKey(secret: Secret, derivation: Derivation): Promise<Buffer | undefined> {
  if (secret.kind === 'key') return derivation.name === 'hkdf' ? secret.bytes : undefined;
  if (derivation.name !== 'scrypt') return undefined;
  const { n, r, p } = derivation;
  if (128 * n * r > scryptMostBytes) return undefined;
  const given = Buffer.from(secret.text.normalize('NFC'), 'utf8');
  return new Promise((resolve, reject) => {
    scrypt(given, Buffer.from(derivation.salt, 'base64'), keyBytes, { N: n, r, p, maxmem: 2 * scryptMostBytes }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function passphrase(text: string, source: string): Secret {
  if (text.length >= leastPassphrase) return { kind: 'passphrase', text };
  const reason = `a passphrase of ${text.length} characters; at least ${leastPassphrase} are needed`;
  throw fault('PEOPLE_KEY_INVALID', { source, reason });
}

function credentialPath(name: string, folder: string | undefined): string {
  const source = `the credential "${name}"`;
  if (name !== basename(name) || name === '' || name.startsWith('.')) {
    throw fault('PEOPLE_KEY_INVALID', { source, reason: 'a name with a path in it' });
  }
  if (folder === undefined || folder === '') {
    const reason = 'no $CREDENTIALS_DIRECTORY; systemd sets it for a unit with LoadCredential=';
    throw fault('PEOPLE_KEY_INVALID', { source, reason });
  }
  return join(folder, name);
}

async function readPrivate(path: string): Promise<Buffer> {
  const refuse = (reason: string, cause?: unknown) => fault('PEOPLE_KEY_INVALID', { source: path, reason }, cause);
  let mode: number;
  let content: Buffer;
  try {
    ({ mode } = await stat(path));
    content = await readFile(path);
  } catch (error) {
    throw refuse(reasonOf(error), error);
  }
  if ((mode & 0o007) !== 0) throw refuse(`a file that everybody on this machine can use (chmod 600 ${path})`);
  return content;
}

function parseKey(content: Buffer, source: string): Buffer {
  if (content.length === keyBytes) return content;
  const text = content.toString('latin1').trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, 'base64');
  const reason = `${content.length} bytes; expected 32 random bytes, raw, in hexadecimal or in base64 (openssl rand -hex 32)`;
  throw fault('PEOPLE_KEY_INVALID', { source, reason });
}
