import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** The file's integrity as the npm client writes it: `sha512-<base64>`. */
export async function integrityOf(path: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return `sha512-${hash.digest('base64')}`;
}
