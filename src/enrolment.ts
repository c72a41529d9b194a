import { v7 as uuidv7 } from 'uuid';
import { decodePicture } from './camera/picture.js';
import type { Frame } from './camera/frame.js';
import type { Clock } from './clock.js';
import { fault } from './errors.js';
import { largestFace } from './faces/face.js';
import { rawThresholdOf, FACENET_THRESHOLD } from './identity/distance.js';
import { createGallery } from './identity/gallery.js';
import type { People } from './identity/people.js';
import type { Person, Template } from './identity/person.js';
import type { Vision } from './vision.js';

/** One photograph of somebody, as it came. */
export interface Photograph {
  readonly bytes: Uint8Array;
  /** What errors call it. */
  readonly source: string;
}

export interface EnrolmentOptions {
  readonly maxPicturePixels: number;
  /** Take the largest face of a photograph with several; refused otherwise. */
  readonly largestFace?: boolean;
  /** Enroll a face that the door already knows as somebody else; refused otherwise. */
  readonly force?: boolean;
}

/**
 * Enrolls a person, or gives one who is known more templates: one for each photograph, all or none.
 *
 * @throws FacelatchError PHOTO_UNREADABLE, PHOTO_TOO_LARGE, NO_FACE, SEVERAL_FACES, FACE_TAKEN, PERSON_NAME_INVALID
 */
export async function enroll(
  name: string,
  photographs: readonly Photograph[],
  { vision, people, clock }: { readonly vision: Vision; readonly people: People; readonly clock: Clock },
  options: EnrolmentOptions,
): Promise<Person> {
  const known = people.find(name);
  const templates: Template[] = [];
  for (const { bytes, source } of photographs) {
    const picture = await decodePicture(bytes, source, { maxPixels: options.maxPicturePixels });
    const frame: Frame = { ...picture, capturedAtMs: clock.monotonicMs(), sequence: 1, source };
    templates.push(await templateOf(frame, vision, people, known, clock, options));
  }
  return known ? people.addTemplates(known.id, templates) : people.add({ name, templates });
}

async function templateOf(
  frame: Frame,
  vision: Vision,
  people: People,
  known: Person | undefined,
  clock: Clock,
  options: EnrolmentOptions,
): Promise<Template> {
  const { source } = frame;
  const detections = await vision.detect(frame);
  const largest = largestFace(detections);
  if (!largest) throw fault('NO_FACE', { source });
  if (detections.length > 1 && !options.largestFace) throw fault('SEVERAL_FACES', { source, count: detections.length });
  const { embedding } = await vision.observe(frame, largest);
  if (!embedding) throw fault('NO_FACE', { source });

  const others = people.all().filter((person) => person.id !== known?.id);
  const twin = createGallery(others, vision.encoder.id, rawThresholdOf(vision.encoder)).nearest(embedding);
  if (twin && twin.distance < FACENET_THRESHOLD && !options.force) {
    throw fault('FACE_TAKEN', { source, name: twin.person.name, distance: twin.distance });
  }
  return {
    id: uuidv7(),
    encoder: vision.encoder.id,
    modelSha256: vision.encoder.sha256,
    vector: embedding.vector,
    quality: largest.score,
    createdAt: clock.wallTime().toISOString(),
    source: 'photo',
  };
}
