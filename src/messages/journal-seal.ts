import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { derivationSchema, readSecret, type FileKey, type KeySource } from '../identity/people-file/key.js';
import { createVault } from '../identity/people-file/vault.js';

/** Keeps what a journal says from whoever reads the disk. */
export interface Seal {
  /** What the first line says of it: enough to open the others with the same secret. */
  readonly header: SealHeader;
  /** Base64. */
  seal(json: string): string;
  /** Undefined where it was not sealed with this key, or is not what was sealed. */
  open(sealed: string): string | undefined;
}

export const sealHeaderSchema = z.strictObject({
  facelatchOutbox: z.literal(2),
  derivation: derivationSchema,
  keyId: z.string(),
});
export type SealHeader = z.output<typeof sealHeaderSchema>;

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The key is derived with a salt of the journal's own; this keeps a line from being taken for anything else all the same. */
const CONTEXT = Buffer.from('facelatch outbox v2');

/**
 * The seals of a journal, by the secret that encrypts the people file.
 *
 * @param found what the first line of the journal says, where there is one
 * @returns `reading` undefined where the journal has another key
 * @throws PEOPLE_KEY_INVALID
 */
export async function sealsOf(
  source: KeySource,
  found: SealHeader | undefined,
): Promise<{ reading: Seal | undefined; writing: Seal }> {
  const vault = createVault(await readSecret(source));
  const key = found && (await vault.keyOf(found.derivation));
  const reading = key && key.keyId === found.keyId ? sealWith(key) : undefined;
  return { reading, writing: reading ?? sealWith(await vault.current()) };
}

function sealWith({ derivation, keyId, cipherKey }: FileKey): Seal {
  const options = { authTagLength: TAG_BYTES };
  return {
    header: { facelatchOutbox: 2, derivation, keyId },
    seal(json) {
      // Random and 96 bits: one key may seal 2^32 lines (NIST SP 800-38D, 8.3).
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce, options).setAAD(CONTEXT);
      const text = [cipher.update(json, 'utf8'), cipher.final()];
      return Buffer.concat([nonce, ...text, cipher.getAuthTag()]).toString('base64');
    },
    open(sealed) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', cipherKey, bytes.subarray(0, NONCE_BYTES), options).setAAD(CONTEXT);
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
      try {
        return Buffer.concat([text, decipher.final()]).toString('utf8');
      } catch {
        return undefined;
      }
    },
  };
}
