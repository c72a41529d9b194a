import { join } from 'node:path';
import { pino } from 'pino';
import { decodePicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import { defaultConfig, type Config } from '../../src/config.js';
import { rawThresholdOf } from '../../src/identity/distance.js';
import type { Embedding } from '../../src/identity/embedding.js';
import { createGallery, type Gallery } from '../../src/identity/gallery.js';
import { defaultModelsFolder, type ModelEntry } from '../../src/inference/manifest.js';
import type { ModelSession } from '../../src/inference/model-session.js';
import { tune } from '../../src/inference/tuning/tune.js';
import { inferenceSettings, modelIdsOf, openVision } from '../../src/vision.js';

export interface WaySettings {
  readonly threads: number;
  /** The peers have none: without it the models are the detector, the landmarks and the encoder. */
  readonly liveness: boolean;
  /** As a door runs after its first start; otherwise the models as they were shipped. True unless given. */
  readonly tuned?: boolean;
}

export interface Took {
  readonly ms: number;
  /** Processor time of the whole process, all of its threads: on a busy machine it tells more than the clock. */
  readonly cpuMs: number;
}

/** What one pass of the whole way took: from the JPEG to the nearest of ten people. */
export interface Pass extends Took {
  readonly stagesMs: Readonly<Record<string, number>>;
}

/** The door's way with a frame. */
export interface Way {
  /** @throws Error when another number of faces is found and encoded than `faces`, one unless given */
  whole(jpeg: Buffer, faces?: number): Promise<Pass>;
  /**
   * The runs of the models in one pass, with copies of the very tensors that they got: on a constant picture the encoder takes a
   * quarter less time than on a face. To be played again on these sessions or on those of another way.
   */
  record(jpeg: Buffer): Promise<readonly ModelRun[]>;
  /** Nothing but the models. */
  models(runs: readonly ModelRun[]): Promise<Took>;
  release(): Promise<void>;
}

export interface ModelRun {
  readonly model: string;
  readonly arguments: Parameters<ModelSession['run']>;
}

/** Kept between benches; another folder than a door's, so that no door finds what a bench has left. */
export const tunedFolder = join(defaultModelsFolder(), '../.cache/tuned');

/** Once for all benches: they measure a door after its first start. */
export async function tuneForBench(say: (line: string) => void = () => undefined): Promise<void> {
  const config = defaultConfig();
  await tune(modelIdsOf(config), inferenceSettings(config), tunedFolder, say);
}

export async function openWay({ threads, liveness, tuned = true }: WaySettings): Promise<Way> {
  const defaults = defaultConfig();
  const inference = { ...defaults.inference, threads, tunedFolder: tuned ? tunedFolder : join(tunedFolder, 'none') };
  const config: Config = { ...defaults, inference, liveness: { ...defaults.liveness, passive: liveness } };
  const vision = await openVision(config, systemClock, pino({ level: 'warn' }, pino.destination(2)));
  const sessions = new Map(vision.sessions.map((session) => [session.entry.id, session]));
  const gallery = tenPeople(vision.encoder);

  async function whole(jpeg: Buffer, faces = 1): Promise<Pass> {
    const took = stopwatch();
    const start = performance.now();
    const picture = await decodePicture(jpeg, 'bench', { maxPixels: config.maxPicturePixels });
    const decoded = performance.now();
    const frame = { ...picture, capturedAtMs: start, sequence: 1, source: 'bench' };
    const embeddings: Embedding[] = [];
    for (const detection of await vision.detect(frame)) {
      const { embedding } = await vision.observe(frame, detection);
      if (embedding) embeddings.push(embedding);
    }
    const encoded = performance.now();
    for (const embedding of embeddings) gallery.nearest(embedding);
    const end = performance.now();
    const all = took();
    if (embeddings.length !== faces)
      throw new Error(`the bench's picture should have ${faces} faces, but has ${embeddings.length}`);
    const { detectMs, landmarksMs, qualityMs, livenessMs, encodeMs } = vision.times;
    return {
      ...all,
      stagesMs: {
        decode: decoded - start,
        detect: detectMs,
        landmarks: landmarksMs,
        quality: qualityMs,
        ...(liveness && { liveness: livenessMs }),
        encode: encodeMs,
        match: end - encoded,
      },
    };
  }

  return {
    whole,
    async record(jpeg) {
      const runs: ModelRun[] = [];
      const originals = vision.sessions.map((session) => ({ session, run: session.run.bind(session) }));
      for (const { session, run } of originals) {
        Object.assign(session, {
          run(...[input, ...rest]: Parameters<ModelSession['run']>) {
            runs.push({ model: session.entry.id, arguments: [input.slice(), ...rest] });
            return run(input, ...rest);
          },
        });
      }
      await whole(jpeg);
      for (const { session, run } of originals) Object.assign(session, { run });
      return runs;
    },
    async models(runs) {
      const took = stopwatch();
      for (const run of runs) await sessions.get(run.model)?.run(...run.arguments);
      return took();
    },
    release: () => vision.release(),
  };
}

function stopwatch(): () => Took {
  const before = process.cpuUsage();
  const start = performance.now();
  return () => {
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(before);
    return { ms, cpuMs: (user + system) / 1_000 };
  };
}

/** Ten people, the size of a household or a small office. */
function tenPeople(encoder: ModelEntry): Gallery {
  const vector = new Float32Array(encoder.outputs[0].shape[1]).fill(0.1);
  const template = {
    encoder: encoder.id,
    modelSha256: encoder.sha256,
    vector,
    quality: 1,
    createdAt: '',
    source: 'photo' as const,
  };
  const person = (id: string) => ({ id, name: `Person ${id}`, cards: [], createdAt: '', templates: [{ ...template, id }] });
  const people = Array.from({ length: 10 }, (_, i) => person(String(i)));
  return createGallery(people, encoder, rawThresholdOf(encoder));
}
