import { decodePicture } from './camera/picture.js';
import type { Frame } from './camera/frame.js';
import type { Clock } from './clock.js';
import { fault } from './errors.js';
import { largestFace } from './faces/face.js';
import { rawThresholdOf, FACENET_THRESHOLD } from './identity/distance.js';
import type { Embedding } from './identity/embedding.js';
import { createGallery } from './identity/gallery.js';
import type { NewTemplate, People } from './identity/people.js';
import type { Person } from './identity/person.js';
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
  /** Told how many photographs are done. */
  readonly onPhotograph?: (done: number) => void;
}

/** A face that was looked at already, such as one before the door's camera. */
export interface SeenLook {
  readonly embedding: Embedding;
  readonly quality: { readonly score: number };
}

interface EnrolmentParts {
  readonly vision: Vision;
  readonly people: People;
  readonly clock: Clock;
}

/**
 * Enrolls a person, or gives one who is known more templates: one for each photograph, all or none.
 *
 * @throws FacelatchError PHOTO_UNREADABLE, PHOTO_TOO_LARGE, NO_FACE, SEVERAL_FACES, FACE_TAKEN, PERSON_NAME_INVALID
 */
export async function enroll(
  name: string,
  photographs: readonly Photograph[],
  parts: EnrolmentParts,
  options: EnrolmentOptions,
): Promise<Person> {
  const templates: NewTemplate[] = [];
  for (const { bytes, source } of photographs) {
    const picture = await decodePicture(bytes, source, { maxPixels: options.maxPicturePixels });
    const frame: Frame = { ...picture, capturedAtMs: parts.clock.monotonicMs(), sequence: 1, source };
    templates.push(await templateOf(name, frame, parts, options));
    options.onPhotograph?.(templates.length);
  }
  return store(name, templates, parts);
}

/**
 * Enrolls a person from looks before the door's camera, or gives one who is known more templates: all or none.
 *
 * @throws FacelatchError FACE_TAKEN, PERSON_NAME_INVALID
 */
export async function enrollLooks(name: string, looks: readonly SeenLook[], parts: EnrolmentParts): Promise<Person> {
  const templates = looks.map(({ embedding, quality }): NewTemplate => {
    refuseTwin(name, embedding, 'the camera', parts);
    return { ...madeBy(parts.vision), vector: embedding.vector, quality: quality.score, source: 'camera' };
  });
  return store(name, templates, parts);
}

function store(name: string, templates: readonly NewTemplate[], { people }: EnrolmentParts): Promise<Person> {
  const known = people.find(name);
  return known ? people.addTemplates(known.id, templates) : people.add({ name, templates });
}

async function templateOf(name: string, frame: Frame, parts: EnrolmentParts, options: EnrolmentOptions): Promise<NewTemplate> {
  const { vision } = parts;
  const { source } = frame;
  const detections = await vision.detect(frame);
  const largest = largestFace(detections);
  if (!largest) throw fault('NO_FACE', { source });
  if (detections.length > 1 && !options.largestFace) throw fault('SEVERAL_FACES', { source, count: detections.length });
  const { embedding } = await vision.observe(frame, largest);
  if (!embedding) throw fault('NO_FACE', { source });

  if (!options.force) refuseTwin(name, embedding, source, parts);
  return { ...madeBy(vision), vector: embedding.vector, quality: largest.score, source: 'photo' };
}

const madeBy = ({ encoder }: Vision) => ({ encoder: encoder.id, modelSha256: encoder.sha256 });

/** A face that is somebody else's already would let in one as the other. */
function refuseTwin(name: string, embedding: Embedding, source: string, { vision, people }: EnrolmentParts): void {
  const known = people.find(name);
  const others = people.all().filter((person) => person.id !== known?.id);
  const twin = createGallery(others, vision.encoder.id, rawThresholdOf(vision.encoder)).nearest(embedding);
  if (twin && twin.distance < FACENET_THRESHOLD) {
    throw fault('FACE_TAKEN', { source, name: twin.person.name, distance: twin.distance });
  }
}
