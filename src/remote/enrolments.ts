import { decodeBase64url } from '../messages/base64url.js';
import { enroll, enrollLooks } from '../enrolment.js';
import { fault } from '../errors.js';
import { distanceOfDot, dotProduct, rawThresholdOf, toFaceNetScale } from '../identity/distance.js';
import type { Person } from '../identity/person.js';
import type { CommandAnswer, CommandProgress } from '../messages/command-answers.js';
import type { CommandContext } from '../messages/command-desk.js';
import { captureLooks } from './capture.js';
import type { Argument, RemoteParts } from './parts.js';

const answer = ({ id, name, templates }: Person) => ({ person: { id, name }, templates: templates.length });

/** Photographs from afar: each is decoded within the limits of any picture, and waits its turn between the camera's frames. */
export async function enrollByPhotographs(
  { name, photographs, ...choice }: Argument<'enroll'>,
  { progress }: CommandContext,
  { vision, people, gallery, clock, config }: RemoteParts,
): Promise<CommandAnswer<'enroll'>> {
  const decoded = photographs.map((text, index) => {
    const source = `photograph ${index + 1}`;
    const bytes = decodeBase64url(text);
    if (!bytes) throw fault('PHOTO_UNREADABLE', { source, reason: 'it is not exact base64url' });
    return { bytes, source };
  });
  const { maxPicturePixels } = config;
  const onPhotograph = (done: number) => progress({ done, of: photographs.length } satisfies CommandProgress<'enroll'>);
  const options = { ...choice, maxPicturePixels, ...(photographs.length > 1 && { onPhotograph }) };
  return answer(await enroll(name, decoded, { vision, people, gallery, clock }, options));
}

/** The person stands before this door's camera. One at a time. */
export async function enrollByCapture(
  { name, timeoutSeconds }: Argument<'enroll-capture'>,
  { progress }: CommandContext,
  { vision, people, gallery, clock, config, lookout, signal }: RemoteParts,
): Promise<CommandAnswer<'enroll-capture'>> {
  if (lookout.held) throw fault('CAPTURE_BUSY', {});
  const rawThreshold = rawThresholdOf(vision.encoder);
  const looks = await captureLooks({
    ...{ name, lookout, clock, signal },
    timeoutMs: timeoutSeconds * 1_000,
    minLiveness: config.liveness.minScore,
    distance: (a, b) => toFaceNetScale(distanceOfDot(dotProduct(a.vector, b.vector)), rawThreshold),
    onProgress: (step) => progress(step),
  });
  return answer(await enrollLooks(name, looks, { vision, people, gallery, clock }));
}
