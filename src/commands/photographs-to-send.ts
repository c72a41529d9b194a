import { loadSharp } from '../camera/picture.js';
import { readPhotographs } from './photographs.js';
import { fault, reasonOf } from '../errors.js';

/** Ten of these fit into one command; a phone's photograph is larger. */
const MOST_BYTES = 900_000;
const MOST = 10;
/** Faces of group pictures keep more pixels than the encoder takes. */
const SIDE_PX = 2_048;

/**
 * Reads photographs for `send enroll`; those that are too large for one command are made smaller.
 *
 * @throws FacelatchError USAGE (more than 10), PHOTO_NOT_FOUND, PHOTO_UNREADABLE
 */
export async function photographsToSend(paths: readonly string[]): Promise<Buffer[]> {
  if (paths.length > MOST) throw fault('USAGE', { problem: `expected 1 to ${MOST} photographs, received ${paths.length}` });
  const photographs = await readPhotographs(paths);
  return Promise.all(
    photographs.map(async ({ bytes, source }) => (bytes.length <= MOST_BYTES ? bytes : await shrunk(bytes, source))),
  );
}

async function shrunk(bytes: Buffer, source: string): Promise<Buffer> {
  const sharp = await loadSharp();
  try {
    return await sharp(bytes, { autoOrient: true })
      .resize({ width: SIDE_PX, height: SIDE_PX, fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .jpeg({ quality: 88 })
      .toBuffer();
  } catch (cause) {
    throw fault('PHOTO_UNREADABLE', { source, reason: reasonOf(cause) }, cause);
  }
}
