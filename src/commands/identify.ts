import type { Command } from 'commander';
import { accessSettings } from '../access/access.js';
import { opinionOf, type AgreementRules } from '../access/agreement.js';
import { readPicture } from '../camera/picture.js';
import { fault } from '../errors.js';
import { largestFace } from '../faces/face.js';
import { qualityPrompts, type Quality } from '../faces/quality.js';
import { distanceOfDot, dotProduct, rawThresholdOf, similarity, toFaceNetScale } from '../identity/distance.js';
import type { Embedding } from '../identity/embedding.js';
import { createGallery, type Gallery, type Match } from '../identity/gallery.js';
import type { Observation, Vision } from '../vision.js';
import type { Context } from './context.js';
import { decimals, spread, table } from './output.js';
import type { Run } from './run-command.js';

/** identify, verify, compare: what the door would decide on photographs. */
export function registerIdentify(program: Command, run: Run): void {
  program
    .command('identify')
    .description('say who is on a photograph (1:K), and whether the door would open; exit status 1 when it would not')
    .argument('<photo>', 'JPEG, PNG, WebP or TIFF; the largest face counts')
    .action(run(async (context, photo: string) => decide(context, photo, undefined)));

  program
    .command('verify')
    .description('say whether a photograph shows the claimed person (1:1); exit status 1 when it does not')
    .argument('<name>', 'name or id of an enrolled person')
    .argument('<photo>', 'JPEG, PNG, WebP or TIFF; the largest face counts')
    .action(run(async (context, name: string, photo: string) => decide(context, photo, name)));

  program
    .command('compare')
    .description('say how far apart the faces of two photographs lie; exit status 1 when they are two people')
    .argument('<photo>')
    .argument('<photo>')
    .action(run(compare));
}

/** One photograph is one frame: the rules of access/ hold, but for the agreement over several frames. */
function singleFrameRules({ config }: Context, vision: Vision): AgreementRules {
  return { ...accessSettings(config, rawThresholdOf(vision.encoder)), agreeFrames: 1, windowFrames: 1 };
}

async function decide(context: Context, photo: string, claimedName: string | undefined): Promise<number> {
  const people = await context.people();
  const claimed = claimedName === undefined ? undefined : people.get(claimedName);
  const vision = await context.vision();
  const gallery = createGallery(people.all(), vision.encoder, rawThresholdOf(vision.encoder));
  if (claimed && gallery.toEnrollAgain.includes(claimed))
    throw fault('ENROLL_AGAIN', { name: claimed.name, encoder: vision.encoder.id });

  const { observation, faces, times: seenTimes } = await look(context, vision, photo);
  const { quality, embedding, liveness } = observation;
  const start = context.clock.monotonicMs();
  const match = embedding && (claimed ? gallery.compare(embedding, claimed.id) : gallery.nearest(embedding));
  const times = { ...seenTimes, matchMs: context.clock.monotonicMs() - start };
  const rules = singleFrameRules(context, vision);
  const vote = match ?? { distance: Infinity, runnerUpDistance: Infinity };
  const opinion = opinionOf([{ ...vote, ...(liveness !== undefined && { liveness }), atMs: 0 }], rules);
  const granted = opinion.kind === 'agreed';
  const doubt = granted ? undefined : claimed && opinion.reason === 'unknown' ? 'too_far' : opinion.reason;
  const reason = quality.rejection ?? doubt;
  const prompt = quality.rejection && qualityPrompts[quality.rejection];

  context.print(
    {
      decision: granted ? 'granted' : 'denied',
      ...(reason && { reason }),
      ...(prompt && { prompt }),
      mode: claimed ? 'verification' : 'recognition',
      ...(claimed && { claimed: { id: claimed.id, name: claimed.name } }),
      ...(granted && match && { person: { id: match.person.id, name: match.person.name } }),
      ...(match && { distance: match.distance, similarity: similarity(match.distance, rules.threshold) }),
      threshold: rules.threshold,
      ...(liveness !== undefined && { liveness }),
      quality,
      faces,
      times,
    },
    [
      granted ? `GRANTED  ${opinion.person.name}` : `DENIED   ${denial(String(reason), prompt, claimed)}`,
      table([
        ...(embedding ? [distanceRow(match, claimed !== undefined, granted, rules.threshold)] : []),
        ...(liveness === undefined ? [] : [livenessRow(liveness, rules.minLiveness ?? 0)]),
        ['quality', `${decimals(quality.score)} (${qualityDetail(quality)})`],
        ['faces', faces === 1 ? '1' : `${faces}; the largest counts`],
        ['time', spread(times)],
        ...againRows(gallery),
      ]),
    ].join('\n'),
  );
  return granted ? 0 : 1;
}

function denial(reason: string, prompt: string | undefined, claimed: { readonly name: string } | undefined): string {
  const why = reason.replaceAll('_', ' ');
  if (prompt) return `${why}: ${prompt}`;
  return claimed ? `${why}: not ${claimed.name}` : why;
}

function distanceRow(match: Match | undefined, claimed: boolean, granted: boolean, threshold: number): [string, string] {
  if (!match) return ['distance', 'nobody to compare with'];
  // Whom a stranger resembles most is nobody's business: the nearest name is told only for a match or a claim.
  const whose = granted || claimed ? ` from ${match.person.name}` : ' from the nearest person';
  const likeness = decimals(similarity(match.distance, threshold));
  return [
    'distance',
    `${decimals(match.distance)}${whose}; the door opens below ${decimals(threshold)} (similarity ${likeness})`,
  ];
}

function livenessRow(liveness: number, minLiveness: number): [string, string] {
  return ['liveness', `${decimals(liveness)}; taken for a living person from ${decimals(minLiveness)}`];
}

function qualityDetail({ facePx, sharpness, brightness, yawDeg, pitchDeg, rollDeg }: Quality): string {
  // What the box alone rejected has no pose.
  const turned = [yawDeg, pitchDeg, rollDeg].map((degrees) => (Number.isNaN(degrees) ? '?' : degrees.toFixed(0))).join('/');
  return `${facePx.toFixed(0)} px, sharpness ${sharpness.toFixed(2)}, brightness ${brightness.toFixed(0)}, yaw/pitch/roll ${turned} degrees`;
}

function againRows({ toEnrollAgain }: Gallery): [string, string][] {
  if (toEnrollAgain.length === 0) return [];
  return [['enroll again', `${toEnrollAgain.map(({ name }) => name).join(', ')} (enrolled with another encoder)`]];
}

async function compare(context: Context, first: string, second: string): Promise<number> {
  const vision = await context.vision();
  const a = await embed(context, vision, first);
  const b = await embed(context, vision, second);
  const raw = distanceOfDot(dotProduct(a.embedding.vector, b.embedding.vector));
  const distance = toFaceNetScale(raw, rawThresholdOf(vision.encoder));
  const { threshold } = context.config.access;
  const same = distance < threshold;
  context.print(
    { same, distance, rawDistance: raw, similarity: similarity(distance, threshold), threshold, times: [a.times, b.times] },
    [
      same ? 'SAME PERSON' : 'TWO PEOPLE',
      table([
        [
          'distance',
          `${decimals(distance)}; one person below ${decimals(threshold)} (${decimals(raw)} between the raw embeddings)`,
        ],
        ['time', `${spread(a.times)}\n${spread(b.times)}`],
      ]),
    ].join('\n'),
  );
  return same ? 0 : 1;
}

interface Embedded {
  readonly embedding: Embedding;
  readonly times: Readonly<Record<string, number>>;
}

async function embed(context: Context, vision: Vision, photo: string): Promise<Embedded> {
  const { observation, times } = await look(context, vision, photo);
  const { embedding, quality } = observation;
  if (quality.rejection) {
    throw fault('FACE_REJECTED', { source: photo, reason: quality.rejection, prompt: qualityPrompts[quality.rejection] });
  }
  if (!embedding) throw fault('NO_FACE', { source: photo });
  return { embedding, times };
}

interface Look {
  /** Of the largest face. */
  readonly observation: Observation;
  readonly faces: number;
  readonly times: Readonly<Record<string, number>>;
}

async function look({ clock, config }: Context, vision: Vision, photo: string): Promise<Look> {
  const start = clock.monotonicMs();
  const picture = await readPicture(photo, { maxPixels: config.maxPicturePixels });
  const decodeMs = clock.monotonicMs() - start;
  const frame = { ...picture, capturedAtMs: start, sequence: 1, source: photo };
  const detections = await vision.detect(frame);
  const largest = largestFace(detections);
  if (!largest) throw fault('NO_FACE', { source: photo });
  const observation = await vision.observe(frame, largest);
  return { observation, faces: detections.length, times: { decodeMs, ...vision.times } };
}
