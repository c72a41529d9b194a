import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import { openPeople, type NewTemplate, type People } from '../../src/identity/people.js';
import { readModels } from '../../src/inference/local-models.js';
import { defaultModelsFolder, modelEntry } from '../../src/inference/manifest.js';
import { pause, type Bench, type Say } from './bench.js';
import { freePort } from './door-folder.js';
import { measureNearest, randomVector, type NearestFigures } from './nearest.js';
import { memoryOf } from './proc.js';
import { wall } from './scenes.js';
import { startShippedDoor } from './shipped-door.js';
import { median } from './statistics.js';
import { tunedFolder, tuneForBench } from './way.js';

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
const WATCHED_MS = 2_000;

/** The people file and the search at the size of a large site. */
async function measure(say: Say): Promise<PeopleFigures> {
  await tuneForBench();
  const nearest: NearestFigures[] = [];
  for (const rows of [1_000, 10_000, 100_000]) {
    say(`the nearest of ${rows}`);
    nearest.push(await measureNearest(rows));
  }
  say(`people files of ${PEOPLE}`);
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
    await wall().jpeg().toFile(join(folder, 'wall.jpg'));
    const mqttPort = await freePort();
    const camera = { adapter: 'folder', path: folder };
    const config = { camera, mqtt: { embeddedPort: mqttPort }, people: settings, inference: { tunedFolder } };
    await writeFile(join(folder, 'facelatch.yaml'), JSON.stringify(config));
    const readyMs: number[] = [];
    const peaks: number[] = [];
    for (let i = 0; i < STARTS; i++) {
      const door = await startShippedDoor({ path: folder, mqttPort });
      readyMs.push(door.readyMs);
      await pause(WATCHED_MS);
      peaks.push((await memoryOf(door.pid))?.peakMegabytes ?? NaN);
      await door.stop();
    }
    return {
      encrypted,
      megabytes: (await stat(settings.file)).size / 1e6,
      ...{ enrollMs: median(enrollMs), openMs: median(openMs), readyMs: median(readyMs) },
      peakMegabytes: peaks.some(Number.isNaN) ? undefined : median(peaks),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function report({ nearest, people, files }: PeopleFigures): string {
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

export const people: Bench<PeopleFigures> = {
  about: 'nearest of 1,000 to 100,000 templates, and a file of 10,000 people',
  measure,
  report,
};
