import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../../src/inference/model-session.js';
import { isTuned, threadsWorthWhile, tune } from '../../../src/inference/tuning/tune.js';
import { defaultTunedFolder, type TuningRecord } from '../../../src/inference/tuning/tuned-models.js';
import { modelsFolder } from '../real-models.js';
import { recordingLog } from '../recording-log.js';

const id = 'mobilefacenet-arcface';
const settings = { modelsFolder, executionProviders: ['cpu'], threads: 'auto' } as const;
let folder: string;
let record: TuningRecord;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-tuned-'));
  record = await tune([id], settings, folder);
});
afterAll(() => rm(folder, { recursive: true }));

async function embedding(tunedFolder: string | undefined, log = recordingLog()): Promise<Float32Array> {
  const model = await openModel(id, { ...settings, tunedFolder }, log);
  const input = Float32Array.from({ length: 3 * 112 * 112 }, (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.011));
  const { output } = await model.run(input);
  await model.release();
  return output;
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

const editRecord = async (edit: (text: string) => string) => {
  const path = join(folder, 'tuned.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, edit(text));
  return () => writeFile(path, text);
};

describe('tuning', () => {
  it('keeps a graph whose embeddings are those of the shipped model', async () => {
    expect(await isTuned([id], settings, folder)).toBe(true);
    expect(Object.keys(record.models[id].medianMs)).toContain('PRelu as convolution');
    expect(cosine(await embedding(folder), await embedding(undefined))).toBeGreaterThan(0.99999);
  });

  it('is to be done for a model that was not there, and in another folder', async () => {
    expect(await isTuned([id, 'landmarks-68'], settings, folder)).toBe(false);
    expect(await isTuned([id], settings, join(folder, 'other'))).toBe(false);
  });

  it('is forgotten on another processor, with another runtime, and for another model file', async () => {
    for (const [what, with_] of [
      [record.machine.processor, 'another processor'],
      [`"runtime": "${record.machine.runtime}"`, '"runtime": "0.0.1"'],
      [record.models[id].source, '0'.repeat(64)],
    ]) {
      const undo = await editRecord((text) => text.replace(what, with_));
      expect(await isTuned([id], settings, folder)).toBe(false);
      expect((await embedding(folder)).length).toBe(512);
      await undo();
    }
    expect(await isTuned([id], settings, folder)).toBe(true);
  });

  it('does without a graph that was changed, cut off or taken away, and says so', async () => {
    const path = join(folder, record.models[id].file);
    const graph = await readFile(path);
    const shipped = await embedding(undefined);
    const changed = Buffer.from(graph);
    changed[changed.length >> 1] ^= 1;
    for (const damaged of [changed, graph.subarray(0, 1_000), undefined]) {
      await (damaged ? writeFile(path, damaged) : rm(path));
      const log = recordingLog();
      expect(await embedding(folder, log)).toEqual(shipped);
      expect(
        log.lines
          .filter(({ level }) => level === 'warn')
          .map(({ message }) => message)
          .join(),
      ).toMatch(/the shipped one is used/);
    }
    await writeFile(path, graph);
  });

  it('does without a record that is none', async () => {
    for (const text of ['', '{}', '{"format":1}', '[', 'x'.repeat(10_000)]) {
      const undo = await editRecord(() => text);
      expect(await embedding(folder)).toHaveLength(512);
      await undo();
    }
  });
});

describe('threads', () => {
  const measured = (...rows: readonly (readonly [number, number, number])[]) =>
    rows.map(([threads, wallMs, cpuMs]) => ({ threads, wallMs, cpuMs }));

  it.each([
    ['one is all there is', measured([1, 20, 20]), 1],
    ['two bring little', measured([1, 20, 20], [2, 18, 21]), 1],
    ['two bring much at little cost', measured([1, 20, 20], [2, 12, 23]), 2],
    ['two bring much, but spin', measured([1, 20, 20], [2, 12, 60]), 1],
    ['four are better still', measured([1, 20, 20], [2, 12, 22], [4, 8, 25]), 4],
    ['four cost too much', measured([1, 20, 20], [2, 12, 22], [4, 8, 40]), 2],
  ])('%s', (_, rows, expected) => {
    expect(threadsWorthWhile(rows)).toBe(expected);
  });
});

describe('the folder of what was tuned', () => {
  it("is the service's cache, or the user's", () => {
    expect(defaultTunedFolder({ CACHE_DIRECTORY: '/var/cache/facelatch:/var/cache/other' })).toBe('/var/cache/facelatch');
    expect(defaultTunedFolder({ XDG_CACHE_HOME: '/home/me/.c' })).toBe('/home/me/.c/facelatch');
    expect(defaultTunedFolder({})).toMatch(/\/\.cache\/facelatch$/);
  });
});
