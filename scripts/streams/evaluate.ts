import { accessSettings, type SeenFace } from '../../src/access/access.js';
import { readPicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import type { Config } from '../../src/config.js';
import { lookAt } from '../../src/follower.js';
import { rawThresholdOf } from '../../src/identity/distance.js';
import { createGallery, type Gallery } from '../../src/identity/gallery.js';
import type { Person } from '../../src/identity/person.js';
import { openVision, type Vision } from '../../src/vision.js';
import { seenFace } from '../../src/watch.js';
import { nameOf, type Presentation } from '../training/data/attacks-folder.js';
import type { Photograph } from '../../src/identity/calibration/labelled-folder.js';
import { attackDetection, BONA_FIDE, type AttackDetection, type PresentedFace } from '../training/evaluation/attack-detection.js';
import { rateOf, type Rate } from '../../src/identity/calibration/rates.js';
import { createRandom } from '../training/random.js';
import { askDoor, watchStream, type SeenStream } from './door.js';
import { jitter, STREAM_FRAMES } from './jitter.js';

/** What a door decided on streams of photographs, each of one person who is enrolled with so many others. */
export interface StreamResult {
  readonly templates: number;
  readonly liveness: boolean;
  /** Enrolled people who were let in as themselves. */
  readonly granted: Rate;
  /** Enrolled people who were let in as somebody else. */
  readonly misnamed: Rate;
  /** The same, and the photographs of the templates, with the person left out of the gallery: strangers who were let in. */
  readonly impostorsGranted: Rate;
}

export interface DoorEvaluation {
  readonly encoder: string;
  readonly framesOfStream: number;
  readonly attackDetection: readonly AttackDetection[];
  /** Absent where no streams were asked for. */
  readonly streams?: readonly StreamResult[];
}

export interface DoorEvaluationOptions {
  readonly config: Config;
  readonly photographs: readonly Photograph[];
  readonly attacks: readonly Presentation[];
  /** Play each photograph as a stream as well. */
  readonly streams: boolean;
  readonly templates?: readonly number[];
  readonly onProgress: (done: number, total: number) => void;
}

interface Seen {
  readonly species: string;
  readonly person?: string;
  readonly name: string;
  readonly photograph: readonly SeenFace[];
  readonly stream?: SeenStream;
}

/** The door as it is configured, on photographs of living people and of attacks: one by one, and as streams. */
export async function evaluateDoor(options: DoorEvaluationOptions): Promise<DoorEvaluation> {
  const { config, photographs, attacks, onProgress } = options;
  const everyone = [
    ...photographs.map(({ person, path }) => ({ species: BONA_FIDE, person, path })),
    ...attacks.map(({ species, path }) => ({ species, path })),
  ];
  const vision = await openVision({ ...config, liveness: { ...config.liveness, passive: true } }, systemClock, silent);
  try {
    const seen: Seen[] = [];
    for (const [index, { path, ...who }] of everyone.entries()) {
      seen.push({ ...who, name: nameOf(path), ...(await look(path, index, vision, options)) });
      onProgress(index + 1, everyone.length);
    }
    const { minScore } = config.liveness;
    const judged = [attackDetection('photographs', seen.map(presented), minScore)];
    const about = { encoder: vision.encoder.id, framesOfStream: STREAM_FRAMES, attackDetection: judged };
    if (!options.streams) return about;
    judged.push(attackDetection('streams', seen.map(presentedStream(config.access.windowFrames)), minScore));
    const results = (options.templates ?? [1, 3]).flatMap((templates) =>
      [false, true].map((liveness) => streamResult(seen, templates, liveness, vision, config)),
    );
    return { ...about, streams: results };
  } finally {
    await vision.release();
  }
}

async function look(path: string, index: number, vision: Vision, { config, streams }: DoorEvaluationOptions) {
  const picture = await readPicture(path, { maxPixels: config.maxPicturePixels });
  const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: path };
  const photograph = (await lookAt(frame, vision)).map(seenFace);
  // A seed for each photograph: leaving some out does not change the others.
  if (!streams) return { photograph };
  const rules = { detectEvery: config.inference.detectEvery, rawThreshold: rawThresholdOf(vision.encoder) };
  return { photograph, stream: await watchStream(vision, rules, jitter(path, createRandom(index + 1))) };
}

function presented({ species, name, photograph }: Seen): PresentedFace {
  const score = largest(photograph)?.liveness;
  return { species, name, ...(score !== undefined && { score }) };
}

/** The mean over the window with which the door would decide first. */
const presentedStream =
  (windowFrames: number) =>
  ({ species, name, stream = [] }: Seen): PresentedFace => {
    const scores = stream.flatMap((faces) => largest(faces)?.liveness ?? []).slice(0, windowFrames);
    return { species, name, ...(scores.length > 0 && { score: scores.reduce((sum, score) => sum + score, 0) / scores.length }) };
  };

const largest = (faces: readonly SeenFace[]): SeenFace | undefined => faces.at(0);

function streamResult(seen: readonly Seen[], templates: number, liveness: boolean, vision: Vision, config: Config): StreamResult {
  const settings = accessSettings(
    { ...config, liveness: { ...config.liveness, passive: liveness } },
    rawThresholdOf(vision.encoder),
  );
  const people = new Map<string, Seen[]>();
  for (const one of seen) if (one.person !== undefined) people.set(one.person, [...(people.get(one.person) ?? []), one]);
  const gallery = galleryOf(people, templates, vision);
  const count = { genuine: 0, granted: 0, misnamed: 0, impostors: 0, impostorsGranted: 0 };
  for (const [person, photographs] of people) {
    const others = galleryOf(new Map([...people].filter(([name]) => name !== person)), templates, vision);
    for (const [index, { stream = [] }] of photographs.entries()) {
      count.impostors++;
      if (grantedTo(stream, settings, others).length > 0) count.impostorsGranted++;
      if (index < templates) continue;
      count.genuine++;
      const names = grantedTo(stream, settings, gallery);
      if (names.includes(person)) count.granted++;
      if (names.some((name) => name !== person)) count.misnamed++;
    }
  }
  return {
    templates,
    liveness,
    granted: rateOf(count.granted, count.genuine),
    misnamed: rateOf(count.misnamed, count.genuine),
    impostorsGranted: rateOf(count.impostorsGranted, count.impostors),
  };
}

const grantedTo = (...door: Parameters<typeof askDoor>): string[] =>
  askDoor(...door).flatMap((event) => (event.type === 'granted' ? [event.person.id] : []));

/** Everybody with their first photographs as templates. */
function galleryOf(people: ReadonlyMap<string, readonly Seen[]>, templates: number, { encoder }: Vision): Gallery {
  const enrolled = [...people].map(([name, photographs]): Person => ({
    id: name,
    name,
    cards: [],
    createdAt: '',
    templates: photographs.slice(0, templates).flatMap(({ photograph }, i) => {
      const embedding = largest(photograph)?.embedding;
      if (!embedding) return [];
      return [{ ...embedding, id: String(i), modelSha256: encoder.sha256, quality: 1, createdAt: '', source: 'photo' as const }];
    }),
  }));
  return createGallery(enrolled, encoder, rawThresholdOf(encoder));
}

const silent = { info: () => undefined, warn: () => undefined };
