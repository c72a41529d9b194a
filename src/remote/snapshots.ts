import type { Sighting } from '../daemon/lookout.js';
import { fault } from '../errors.js';
import type { CommandAnswer } from '../messages/command-answers.js';
import { within } from '../messages/within.js';
import type { RemoteParts } from './parts.js';
import { jpegOf } from './pictures.js';

/** Of a quiet picture a frame is analysed every `motionGate.everyMs` at least, which is 10 s at most; in milliseconds. */
const PATIENCE_MS = 11_000;

/** @throws FacelatchError CAMERA_SILENT */
export async function takeSnapshot({
  lookout,
  clock,
}: Pick<RemoteParts, 'lookout' | 'clock'>): Promise<CommandAnswer<'snapshot'>> {
  const { frame } = await nextSighting({ lookout, clock });
  const ageMs = clock.monotonicMs() - frame.capturedAtMs;
  const takenAt = new Date(clock.wallTime().getTime() - ageMs).toISOString();
  const jpeg = await jpegOf(frame);
  return { takenAt, widthPx: frame.widthPx, heightPx: frame.heightPx, jpeg: jpeg.toString('base64url') };
}

/** The next one, not the last: a camera may have been silent for hours. */
async function nextSighting({ lookout, clock }: Pick<RemoteParts, 'lookout' | 'clock'>): Promise<Sighting> {
  let seen: Sighting | undefined;
  let unsubscribe: () => void = () => undefined;
  const next = new Promise<void>((resolve) => {
    unsubscribe = lookout.onSighting((sighting) => {
      seen ??= sighting;
      resolve();
    });
  });
  await within(clock, PATIENCE_MS, next);
  unsubscribe();
  if (!seen) throw fault('CAMERA_SILENT', { afterMs: PATIENCE_MS });
  return seen;
}
