import { mkdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { configSchema } from '../../../src/config-schema.js';
import { rawThresholdOf } from '../../../src/identity/distance.js';
import { readModels } from '../../../src/inference/local-models.js';
import { openModel } from '../../../src/inference/model-session.js';
import type { Photograph } from '../../../src/identity/calibration/labelled-folder.js';
import { doorEmbedder, embedFaces, type EmbeddedFace, type Embedder, type EmbedOptions } from '../evaluation/embed.js';
import { evaluate, type Evaluation } from '../evaluation/evaluate.js';
import { pixelEmbedder } from '../evaluation/pixels.js';
import { evaluateDoor, type DoorEvaluation } from '../../streams/evaluate.js';
import type { Presentation } from '../data/attacks-folder.js';
import { writeWhole } from '../../../src/write-whole.js';
import { htmlReport } from './html.js';
import { thumbnail } from './thumbnails.js';

export interface ReportOptions {
  readonly photographs: readonly Photograph[];
  /** What the photographs are called in the report; their paths are written relative to it. */
  readonly folder: string;
  /** Ids of the encoders; all that the models folder has unless given. */
  readonly encoders?: readonly string[] | undefined;
  readonly modelsFolder: string;
  readonly out: string;
  readonly progress: Pick<EmbedOptions, 'onUnusable' | 'onProgress'>;
  /** Photographs of attacks, and of living people beside the others: how well they are told apart is reported with them. */
  readonly attacks?: readonly Presentation[] | undefined;
  /** Whether every photograph is played to the door as a stream, too. */
  readonly streams?: boolean | undefined;
  /** A sentence about who was left out, if anybody was. */
  readonly note?: string | undefined;
}

export interface Report {
  readonly html: string;
  readonly json: string;
  readonly evaluations: readonly Evaluation[];
  readonly door: DoorEvaluation;
}

const silent = { info: () => undefined, warn: () => undefined };

/** Evaluates encoders, and the comparison of pixels beside them, on the same faces; writes report.html and report.json. */
export async function writeReport(options: ReportOptions): Promise<Report> {
  const { modelsFolder, out, photographs, progress } = options;
  const config = configSchema.parse({});
  const { inference } = config;
  const models = await readModels(modelsFolder);
  const ids = options.encoders ?? models.filter(({ role }) => role === 'encoder').map(({ id }) => id);
  const sessions = await Promise.all(ids.map((id) => openModel(id, { ...inference, modelsFolder }, silent)));
  const embedders: readonly Embedder[] = [pixelEmbedder, ...sessions.map(doorEmbedder)];
  const thresholds = new Map(sessions.map(({ entry }) => [entry.id, rawThresholdOf(entry)]));

  let unusable = 0;
  const faces = await embedFaces(photographs, embedders, {
    modelsFolder,
    onUnusable(photograph, reason) {
      unusable++;
      progress.onUnusable(photograph, reason);
    },
    onProgress: progress.onProgress,
  });
  await Promise.all(sessions.map((session) => session.release()));

  const door = await evaluateDoor({
    config: { ...config, inference: { ...inference, modelsFolder } },
    photographs,
    attacks: options.attacks ?? [],
    streams: options.streams ?? false,
    onProgress: progress.onProgress,
  });

  const people = faces.map(({ photograph }) => photograph.person);
  const evaluations = embedders.map(({ name }) =>
    evaluate(
      name,
      faces.map(({ vectors }) => vectors[name]),
      people,
      thresholds.get(name),
    ),
  );
  const names = faces.map(({ photograph: { person, path } }) => ({ person, name: relative(options.folder, path) }));
  const about = [
    `${faces.length} photographs of ${new Set(people).size} people in ${basename(options.folder)}${unusable > 0 ? `; ${unusable} more could not be used` : ''}.`,
    'Every encoder saw the same faces, found and aligned as at the door; "pixels" compares the aligned faces pixel by pixel.',
    ...(options.note === undefined ? [] : [options.note]),
  ];
  const title = `How good are ${evaluations.map(({ name }) => name).join(', ')}?`;
  const report = { html: join(out, 'report.html'), json: join(out, 'report.json'), evaluations, door };
  await mkdir(out, { recursive: true });
  await writeWhole(report.json, `${JSON.stringify({ title, about, photographs: names, evaluations, door }, undefined, 1)}\n`);
  const thumbnails = await thumbnailsFor(evaluations, faces);
  await writeWhole(report.html, htmlReport({ title, about, evaluations, door, photographs: names, thumbnails }));
  return report;
}

async function thumbnailsFor(evaluations: readonly Evaluation[], faces: readonly EmbeddedFace[]): Promise<Map<number, string>> {
  const pairs = evaluations.flatMap(({ mistakes }) => [...mistakes.nearestImpostors, ...mistakes.farthestGenuine]);
  const thumbnails = new Map<number, string>();
  for (const index of new Set(pairs.flatMap(({ a, b }) => [a, b]))) thumbnails.set(index, await thumbnail(faces[index]));
  return thumbnails;
}
