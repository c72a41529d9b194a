import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import { openPeople, type NewTemplate, type People } from '../../src/identity/people.js';
import { readModels } from '../../src/inference/local-models.js';
import { defaultModelsFolder, modelEntry } from '../../src/inference/manifest.js';
import { oneRun } from './daemon.js';
import { median } from './median.js';
import { measureNearest, randomVector, type NearestFigures } from './nearest.js';

export interface PeopleFigures {
  readonly nearest: readonly NearestFigures[];
  readonly people: number;
  readonly files: readonly FileFigures[];
}

interface FileFigures {
  readonly encrypted: boolean;
  readonly megabytes: number;
  /** From the request to the acknowledgement: the change is durable. */
  readonly enrollMs: number;
  /** Reads, checks and understands the file. */
  readonly openMs: number;
  /** The daemon: from the start of the process to `started`, and its peak memory by then. */
  readonly readyMs: number;
  readonly peakMegabytes: number | undefined;
}

const PEOPLE = 10_000;
const ENROLMENTS = 25;
const STARTS = 3;

/** The people file and the search at the size of a large site. */
export async function measurePeople(): Promise<PeopleFigures> {
  const nearest: NearestFigures[] = [];
  for (const rows of [1_000, 10_000, 100_000]) nearest.push(await measureNearest(rows));
  return { nearest, people: PEOPLE, files: [await measureFile(false), await measureFile(true)] };
}

async function measureFile(encrypted: boolean): Promise<FileFigures> {
  const { inference } = defaultConfig();
  const { id, sha256 } = modelEntry(await readModels(defaultModelsFolder()), inference.encoder);
  const template = (): NewTemplate => ({
    encoder: id,
    modelSha256: sha256,
    vector: randomVector(),
    quality: 0.9,
    source: 'photo',
  });
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-bench-'));
  try {
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
    const settings = { file: join(folder, 'people.json'), ...(encrypted && { keyFile }) };
    const open = (create = false): Promise<People> => openPeople({ ...settings, create, hold: true, clock: systemClock });

    let people = await open(true);
    await people.addAll(Array.from({ length: PEOPLE }, (_, i) => ({ name: `Person ${i}`, templates: [template()] })));
    const enrollMs: number[] = [];
    for (let i = 0; i < ENROLMENTS; i++) {
      const person = { name: `New person ${i}`, templates: [template()] };
      const start = performance.now();
      await people.add(person);
      enrollMs.push(performance.now() - start);
    }
    await people.close();

    const openMs: number[] = [];
    for (let i = 0; i < STARTS; i++) {
      const start = performance.now();
      people = await open();
      openMs.push(performance.now() - start);
      await people.close();
    }
    const wall = sharp({ create: { width: 640, height: 480, channels: 3, background: '#607080' } });
    await wall.jpeg().toFile(join(folder, 'wall.jpg'));
    const config = { camera: { adapter: 'folder', path: folder }, mqtt: { embeddedPort: 0 }, people: settings };
    await writeFile(join(folder, 'facelatch.yaml'), JSON.stringify(config));
    const runs = [];
    for (let i = 0; i < STARTS; i++) runs.push(await oneRun(folder, 2));
    const peaks = runs.flatMap(({ peakMegabytes }) => peakMegabytes ?? []);
    return {
      encrypted,
      megabytes: (await stat(settings.file)).size / 1e6,
      ...{ enrollMs: median(enrollMs), openMs: median(openMs), readyMs: median(runs.map(({ readyMs }) => readyMs)) },
      peakMegabytes: peaks.length > 0 ? median(peaks) : undefined,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The figures for people to read. */
export function peopleReport({ nearest, people, files }: PeopleFigures): string {
  const ms = (value: number | undefined) => (value === undefined ? '-' : value.toFixed(2));
  return [
    'nearest of templates of 512 floats, medians of 100 searches that take turns',
    ...nearest.map(
      ({ rows, nearestMs, plainMs, usearchMs, megabytes }) =>
        `  ${rows}: ${ms(nearestMs)} ms; float32 one by one ${ms(plainMs)} ms, usearch ${ms(usearchMs)} ms; ${megabytes.toFixed(1)} MB`,
    ),
    `a people file of ${people} people, medians`,
    ...files.map(
      ({ encrypted, megabytes, enrollMs, openMs, readyMs, peakMegabytes }) =>
        `  ${encrypted ? 'encrypted' : 'in the clear'} (${megabytes.toFixed(1)} MB): enroll ${ms(enrollMs)} ms, open ${ms(openMs)} ms, ` +
        `the daemon ready after ${readyMs.toFixed(0)} ms, peak memory ${peakMegabytes?.toFixed(0) ?? 'not known here'} MB`,
    ),
  ].join('\n');
}
