import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { fault } from '../../errors.js';
import { derivationSchema, type FileKey } from './key.js';
import type { Vault } from './vault.js';

/**
 * The envelope of a people file, the same for every schema version (docs/people-file.md):
 *
 *     {"format":"facelatch-people","schema":1,"encryption":null,
 *     "payload":[...],
 *     "sha256":"<of every byte before this line>"}
 *
 * In the clear that is JSON. Encrypted, the bytes of AES-256-GCM and its tag stand in the place of the payload, and
 * everything before them is authenticated with them. The checksum finds a damaged byte without a key; the tag finds a
 * forged one.
 */
const format = 'facelatch-people';
const nonceBytes = 12;
const tagBytes = 16;
const sumStart = ',\n"sha256":"';
const sumEnd = '"}\n';
const tailBytes = sumStart.length + 64 + sumEnd.length;
const payloadName = '"payload":';
const longestHeader = 4096;

const encryptionSchema = z.strictObject({
  cipher: z.literal('aes-256-gcm'),
  derivation: derivationSchema,
  keyId: z.string().regex(/^[0-9a-f]{32}$/),
  nonce: z.base64().length(16),
});
const headerSchema = z.strictObject({
  format: z.literal(format),
  schema: z.int().min(1),
  encryption: encryptionSchema.nullable(),
});

/** The bytes are not those that were written. */
export class Damaged extends Error {
  override readonly name = 'Damaged';
}

/** The whole file in chunks. With a key it is encrypted. */
export function* seal(payload: Iterable<Buffer>, schema: number, key: FileKey | undefined): Generator<Buffer> {
  const hash = createHash('sha256');
  for (const chunk of key ? encrypted(payload, schema, key) : clear(payload, schema)) {
    hash.update(chunk);
    yield chunk;
  }
  yield Buffer.from(`${sumStart}${hash.digest('hex')}${sumEnd}`);
}

/**
 * Schema version and payload of a file.
 *
 * @param known the newest schema version that is understood
 * @throws Damaged; PEOPLE_FILE_NEWER, PEOPLE_FILE_NOT_ENCRYPTED, PEOPLE_KEY_MISSING, PEOPLE_KEY_WRONG
 */
export async function unseal(
  file: Buffer,
  { path, known, vault }: { path: string; known: number; vault: Vault | undefined },
): Promise<{ schema: number; payload: Buffer }> {
  const body = verified(file);
  const start = body.subarray(0, longestHeader).indexOf('\n') + 1;
  const { schema, encryption } = parseHeader(body.toString('utf8', 0, start));
  if (schema > known) throw fault('PEOPLE_FILE_NEWER', { path, schema, known });
  if (body.toString('latin1', start, start + payloadName.length) !== payloadName) throw new Damaged('it has no payload');

  const payloadStart = start + payloadName.length;
  if (!encryption) {
    // A file in the clear proves nothing about who wrote it: whoever configured a key wants that proof.
    if (vault) throw fault('PEOPLE_FILE_NOT_ENCRYPTED', { path });
    return { schema, payload: body.subarray(payloadStart) };
  }
  if (!vault) throw fault('PEOPLE_KEY_MISSING', { path, keyId: encryption.keyId });
  const key = await vault.keyOf(encryption.derivation);
  if (key?.keyId !== encryption.keyId) {
    const received = key?.keyId ?? 'of another kind (key file or passphrase)';
    throw fault('PEOPLE_KEY_WRONG', { path, expected: encryption.keyId, received });
  }
  const sealed = body.subarray(payloadStart);
  if (sealed.length < tagBytes) throw new Damaged('its payload is too short');
  const decipher = createDecipheriv('aes-256-gcm', key.cipherKey, Buffer.from(encryption.nonce, 'base64'), {
    authTagLength: tagBytes,
  });
  decipher.setAAD(body.subarray(0, payloadStart));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const payload = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
  } catch (cause) {
    throw new Damaged('it was not written by a holder of its key', { cause });
  }
  return { schema, payload };
}

function* clear(payload: Iterable<Buffer>, schema: number): Generator<Buffer> {
  yield Buffer.from(`${headerLine(schema, null)}${payloadName}`);
  yield* payload;
}

function* encrypted(payload: Iterable<Buffer>, schema: number, { derivation, keyId, cipherKey }: FileKey): Generator<Buffer> {
  // Random and 96 bits: one key may write 2^32 files (NIST SP 800-38D, 8.3); at one a second that is 136 years.
  const nonce = randomBytes(nonceBytes);
  const encryption = { cipher: 'aes-256-gcm' as const, derivation, keyId, nonce: nonce.toString('base64') };
  const head = Buffer.from(`${headerLine(schema, encryption)}${payloadName}`);
  const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce, { authTagLength: tagBytes });
  cipher.setAAD(head);
  yield head;
  for (const chunk of payload) yield cipher.update(chunk);
  yield cipher.final();
  yield cipher.getAuthTag();
}

function headerLine(schema: number, encryption: z.infer<typeof encryptionSchema> | null): string {
  return `${JSON.stringify({ format, schema, encryption }).slice(0, -1)},\n`;
}

function parseHeader(line: string): z.infer<typeof headerSchema> {
  let header: unknown;
  try {
    header = JSON.parse(line.replace(/,\n$/, '}'));
  } catch (cause) {
    throw new Damaged('its first line is no header', { cause });
  }
  const parsed = headerSchema.safeParse(header);
  if (!parsed.success) throw new Damaged('its first line is no header of a people file', { cause: parsed.error });
  return parsed.data;
}

/** The bytes that the checksum at the end covers, if it is right. */
function verified(file: Buffer): Buffer {
  if (file.length === 0) throw new Damaged('it is empty');
  if (file.length <= tailBytes) throw new Damaged('it is too short');
  const body = file.subarray(0, -tailBytes);
  const tail = file.toString('latin1', body.length);
  if (!tail.startsWith(sumStart) || !tail.endsWith(sumEnd)) throw new Damaged('it does not end with a checksum');
  const sum = createHash('sha256').update(body).digest('hex');
  if (tail.slice(sumStart.length, -sumEnd.length) !== sum) throw new Damaged('its checksum does not fit');
  return body;
}
