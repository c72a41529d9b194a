import { deriveFileKey, newDerivation, type Derivation, type FileKey, type Secret } from './key.js';

/** One secret and the keys derived from it, each derived once: scrypt is slow on purpose. */
export interface Vault {
  /** The key for a file with this derivation; undefined where that belongs to another kind of secret. */
  keyOf(derivation: Derivation): Promise<FileKey | undefined>;
  /** The key for files to come: that of the file read last, a new one before any. */
  current(): Promise<FileKey>;
}

export function createVault(secret: Secret): Vault {
  const derived = new Map<string, FileKey | undefined>();
  let latest: FileKey | undefined;

  async function keyOf(derivation: Derivation): Promise<FileKey | undefined> {
    const name = JSON.stringify(derivation);
    if (!derived.has(name)) derived.set(name, await deriveFileKey(secret, derivation));
    const key = derived.get(name);
    latest = key ?? latest;
    return key;
  }

  return {
    keyOf,
    async current() {
      latest ??= await deriveFileKey(secret, newDerivation(secret));
      if (!latest) throw new Error('a new derivation always fits its secret');
      return latest;
    },
  };
}
