import type { Frame } from './camera/frame.js';
import { decodePicture } from './camera/picture.js';
import type { Clock } from './clock.js';
import { fault } from './errors.js';
import { largestFace } from './faces/face.js';
import { qualityPrompts } from './faces/quality.js';
import { distanceOfDot, dotProduct, FACENET_THRESHOLD, rawThresholdOf, toFaceNetScale } from './identity/distance.js';
import type { Embedding } from './identity/embedding.js';
import type { Gallery } from './identity/gallery.js';
import type { NewPerson, NewTemplate, People } from './identity/people.js';
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
  /** Enroll a face that the door already knows as somebody else, or that differs from the person's others; refused otherwise. */
  readonly force?: boolean;
  /** When the person consented to being recognised by the face (ISO 8601); kept with the person. */
  readonly consentAt?: string;
  /** Told how many photographs are done. */
  readonly onPhotograph?: (done: number) => void;
}

/** A face that was looked at already, such as one before the door's camera. */
export interface SeenLook {
  readonly embedding: Embedding;
  readonly quality: { readonly score: number };
}

export interface EnrolmentParts {
  readonly vision: Vision;
  readonly people: People;
  /** Everybody of `people`. */
  readonly gallery: Gallery;
  readonly clock: Clock;
}

/**
 * Enrolls a person, or gives one who is known more templates: one for each photograph, all or none.
 *
 * @throws FacelatchError what templateOf throws, PERSON_NAME_INVALID
 */
export async function enroll(
  name: string,
  photographs: readonly Photograph[],
  parts: EnrolmentParts,
  options: EnrolmentOptions,
): Promise<Person> {
  const known = parts.people.find(name);
  const templates: NewTemplate[] = [];
  for (const photograph of photographs) {
    templates.push(await templateOf(photograph, { known, more: templates }, parts, options));
    options.onPhotograph?.(templates.length);
  }
  return store(name, templates, parts, options.consentAt);
}

/**
 * Enrolls a person from looks before the door's camera, or gives one who is known more templates: all or none.
 *
 * @throws FacelatchError FACE_TAKEN, PERSON_NAME_INVALID
 */
export async function enrollLooks(name: string, looks: readonly SeenLook[], parts: EnrolmentParts): Promise<Person> {
  const known = parts.people.find(name);
  const templates = looks.map(({ embedding, quality }): NewTemplate => {
    const template = { ...madeBy(parts.vision), vector: embedding.vector, quality: quality.score, source: 'camera' as const };
    refuseTwin(template, 'the camera', known, parts);
    return template;
  });
  return store(name, templates, parts);
}

async function store(
  name: string,
  templates: readonly NewTemplate[],
  { people }: EnrolmentParts,
  consentAt?: string,
): Promise<Person> {
  const known = people.find(name);
  if (!known) return people.add({ name, templates, ...(consentAt !== undefined && { consentAt }) });
  const person = await people.addTemplates(known.id, templates);
  return consentAt === undefined ? person : people.update(known.id, { consentAt });
}

/**
 * The template of the face on a photograph, if it is one that may be enrolled.
 *
 * @param whose the person, where known, and their templates that are not stored yet
 * @throws FacelatchError PHOTO_UNREADABLE, PHOTO_TOO_LARGE, NO_FACE, SEVERAL_FACES, FACE_REJECTED (its quality), FACE_TAKEN,
 * FACE_DIFFERS
 */
export async function templateOf(
  { bytes, source }: Photograph,
  { known, more }: { readonly known: Person | undefined; readonly more: readonly NewTemplate[] },
  parts: EnrolmentParts,
  options: EnrolmentOptions,
): Promise<NewTemplate> {
  const { vision, clock } = parts;
  const picture = await decodePicture(bytes, source, { maxPixels: options.maxPicturePixels });
  const frame: Frame = { ...picture, capturedAtMs: clock.monotonicMs(), sequence: 1, source };
  const detections = await vision.detect(frame);
  const largest = largestFace(detections);
  if (!largest) throw fault('NO_FACE', { source });
  if (detections.length > 1 && !options.largestFace) throw fault('SEVERAL_FACES', { source, count: detections.length });
  const { embedding, quality } = await vision.observe(frame, largest);
  const { rejection } = quality;
  if (rejection) throw fault('FACE_REJECTED', { source, reason: rejection, prompt: qualityPrompts[rejection] });
  if (!embedding) throw fault('NO_FACE', { source });
  const template = { ...madeBy(vision), vector: embedding.vector, quality: quality.score, source: 'photo' as const };
  if (!options.force) {
    refuseTwin(template, source, known, parts);
    refuseStranger(template, source, [...(known?.templates ?? []), ...more], parts);
  }
  return template;
}

const madeBy = ({ encoder }: Vision) => ({ encoder: encoder.id, modelSha256: encoder.sha256 });

/** A face that is somebody else's already would let in one as the other. */
function refuseTwin(
  template: NewTemplate,
  source: string,
  known: Person | undefined,
  { gallery }: Pick<EnrolmentParts, 'gallery'>,
): void {
  const twin = gallery.nearest(template, known?.id);
  if (twin && twin.distance < FACENET_THRESHOLD) {
    throw fault('FACE_TAKEN', { source, name: twin.person.name, distance: twin.distance });
  }
}

/**
 * The same for people who come with their templates, in the order in which they come.
 *
 * @param gallery has everybody of `people`; afterwards those who come as well
 * @throws FacelatchError FACE_TAKEN
 */
export function refuseTwins(
  coming: readonly NewPerson[],
  source: string,
  { people, gallery }: Pick<EnrolmentParts, 'people' | 'gallery'>,
): void {
  for (const { name, templates } of coming) {
    const known = people.find(name);
    for (const template of templates) refuseTwin(template, source, known, { gallery });
    // A name that is taken is the people file's to refuse.
    if (!known) gallery.update([{ after: standIn(name, undefined, templates) }]);
  }
}

/** A person as they will be, for comparison only. */
export function standIn(name: string, known: Person | undefined, templates: readonly NewTemplate[]): Person {
  const stored = templates.map((template, i) => ({ ...template, id: `${name} ${i}`, createdAt: '' }));
  if (known) return { ...known, templates: [...known.templates, ...stored] };
  return { id: name, name, createdAt: '', cards: [], templates: stored };
}

/** A face far from all of the person's others is a mixed-up photograph, and whoever is on it would be let in. */
function refuseStranger(template: NewTemplate, source: string, own: readonly NewTemplate[], { vision }: EnrolmentParts): void {
  const rawThreshold = rawThresholdOf(vision.encoder);
  const distances = own
    .filter(({ encoder, modelSha256 }) => encoder === template.encoder && modelSha256 === template.modelSha256)
    .map(({ vector }) => toFaceNetScale(distanceOfDot(dotProduct(template.vector, vector)), rawThreshold));
  const nearest = Math.min(...distances);
  if (distances.length > 0 && nearest >= FACENET_THRESHOLD) throw fault('FACE_DIFFERS', { source, distance: nearest });
}
