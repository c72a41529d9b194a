import { readFile } from 'node:fs/promises';
import type { Config } from '../config-schema.js';
import { fault, reasonOf } from '../errors.js';

/** What the door shows to the broker, and how it knows the broker. Never logged. */
export interface Credentials {
  readonly username?: string;
  readonly password?: string;
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** The section of the configuration, or its part in a command line. */
export type CredentialFiles = Pick<Config['mqtt'], 'username' | 'passwordFile' | 'tls'>;

/** What errors call the files. */
const SETTINGS = {
  passwordFile: 'mqtt.passwordFile',
  caFile: 'mqtt.tls.caFile',
  certFile: 'mqtt.tls.certFile',
  keyFile: 'mqtt.tls.keyFile',
};

/**
 * Reads the files that the `mqtt` section names. Called at every connection: passwords and certificates may be renewed while
 * the door runs.
 *
 * @throws FacelatchError SECRET_UNREADABLE
 */
export async function readCredentials({ username, passwordFile, tls }: CredentialFiles, called = SETTINGS): Promise<Credentials> {
  const [password, ca, cert, key] = await Promise.all([
    read(called.passwordFile, passwordFile),
    read(called.caFile, tls?.caFile),
    read(called.certFile, tls?.certFile),
    read(called.keyFile, tls?.keyFile),
  ]);
  return {
    ...(username !== undefined && { username }),
    ...(password && { password: firstLine(password) }),
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  };
}

async function read(setting: string, path: string | undefined): Promise<Buffer | undefined> {
  if (path === undefined) return undefined;
  try {
    return await readFile(path);
  } catch (cause) {
    throw fault('SECRET_UNREADABLE', { setting, path, reason: reasonOf(cause) }, cause);
  }
}

/** Editors end a file with a newline, which is no part of the password. */
const firstLine = (content: Buffer) => content.toString('utf8').split(/\r?\n/, 1)[0] ?? '';
