import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { ModelProtoSchema } from 'onnx-buf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPicture } from '../../src/camera/picture.js';
import { systemClock } from '../../src/clock.js';
import { defaultConfig } from '../../src/config.js';
import { largestFace } from '../../src/faces/face.js';
import { rawThresholdOf } from '../../src/identity/distance.js';
import { readModels } from '../../src/inference/local-models.js';
import { defaultModelsFolder, modelEntry } from '../../src/inference/manifest.js';
import { openVision } from '../../src/vision.js';
import { startBackend } from '../../scripts/training/backend.js';
import { buildNetwork, networkNamed } from '../../scripts/training/networks/index.js';
import { exportModel, type ExportOptions } from '../../scripts/training/onnx/export.js';
import { runFolder } from '../../scripts/training/run/run.js';
import { train } from '../../scripts/training/run/train-command.js';
import { loadModel } from '../../scripts/training/weights/load-model.js';
import { lfw, lfwPeople, missing } from '../support/photographs.js';

let folder: string;
let modelsFolder: string;

beforeAll(async () => {
  await startBackend('wasm');
  folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
  // The real models, in a folder that the test may add to.
  modelsFolder = join(folder, 'models');
  await mkdir(modelsFolder);
  for (const name of await readdir(defaultModelsFolder())) {
    if (name.endsWith('.onnx')) await symlink(join(defaultModelsFolder(), name), join(modelsFolder, name));
  }
  await cp(join(defaultModelsFolder(), 'manifest.json'), join(modelsFolder, 'manifest.json'));
});
afterAll(() => rm(folder, { recursive: true }));

const progress = { onUnusable: () => undefined, onProgress: () => undefined };
const options = (changes: Partial<ExportOptions> = {}): ExportOptions => ({
  id: 'mine',
  out: join(folder, 'mine.onnx'),
  modelsFolder,
  progress,
  ...changes,
});

function untrained() {
  const network = networkNamed('compact');
  return { network, inputPx: network.inputPx, model: buildNetwork(network, { seed: 1 }), origin: 'a test' };
}

describe('npm run export', () => {
  it('writes the file with what the network wants to see, and leaves the models alone without photographs', async () => {
    const before = await readModels(modelsFolder);
    const { parity, calibration } = await exportModel(untrained(), options());
    expect(parity.unit).toBeLessThan(1e-4);
    expect(calibration).toBeUndefined();
    const { metadataProps, producerName } = fromBinary(ModelProtoSchema, await readFile(join(folder, 'mine.onnx')));
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    const { inputPx, pixels } = networkNamed('compact');
    expect(producerName).toBe('facelatch');
    expect(metadata).toMatchObject({ network: 'compact', origin: 'a test' });
    expect(JSON.parse(metadata.input)).toEqual({ sizePx: inputPx, ...pixels });
    expect((JSON.parse(metadata.alignment) as { points: unknown[] }).points).toHaveLength(5);
    expect(await readModels(modelsFolder)).toEqual(before);
  });

  it('refuses the name of a model of the manifest, and names that are none', async () => {
    await expect(exportModel(untrained(), options({ id: 'mobilefacenet-arcface' }))).rejects.toThrow(
      /no model of the manifest has/,
    );
    await expect(exportModel(untrained(), options({ id: '../mine' }))).rejects.toThrow(/received "..\/mine"/);
  });
});

describe.skipIf(missing('training and calibrating on real faces', lfw))('from training to the door', () => {
  it('the daemon’s way runs a network that was trained and exported here', { timeout: 240_000 }, async () => {
    const out = join(folder, 'run');
    const { people, heldOut } = await train({
      data: lfw,
      out,
      modelsFolder,
      settings: { steps: 5, testPeople: 3 },
      resume: false,
      stream: Object.assign(Object.create(process.stderr) as NodeJS.WriteStream, { isTTY: false, write: () => true }),
      stop: new AbortController().signal,
    });
    expect([people.train.length, people.validation.length, people.test.length]).toEqual([7, 0, 3]);
    expect(heldOut).toMatchObject({ genuinePairs: 135, impostorPairs: 300 });

    const trained = await loadModel(runFolder(out).folder);
    const { parity, calibration } = await exportModel(trained, options({ calibrateBy: { folder: lfw, without: people.train } }));
    // Sixteen random pictures, and the thirty of the people held out.
    expect(parity).toMatchObject({ inputs: 46 });
    expect(parity.unit).toBeLessThan(1e-4);
    expect(calibration).toMatchObject({ genuinePairs: 135 });

    const entry = modelEntry(await readModels(modelsFolder), 'mine');
    const config = defaultConfig();
    const inference = { ...config.inference, modelsFolder, encoder: 'mine' };
    const liveness = { ...config.liveness, passive: false };
    const vision = await openVision({ ...config, inference, liveness }, systemClock, {
      info: () => undefined,
      warn: () => undefined,
    });
    const path = lfwPeople()[0].photographs[0];
    const picture = await readPicture(path, { maxPixels: 1e6 });
    const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: path };
    const detection = largestFace(await vision.detect(frame));
    const { embedding } = await vision.observe(frame, detection!);
    await vision.release();
    expect(embedding).toMatchObject({ encoder: 'mine' });
    expect(Math.hypot(...embedding!.vector)).toBeCloseTo(1, 5);
    expect(rawThresholdOf(entry)).toBe(calibration?.operatingPoint.rawDistance);
  });

  it('dlib’s ResNet is calibrated so that nobody of the folder is let in and most are known', { timeout: 240_000 }, async () => {
    const dlib = await loadModel('dlib-resnet');
    const given = options({ id: 'dlib-resnet', out: join(folder, 'dlib.onnx'), calibrateBy: { folder: lfw, without: [] } });
    const { calibration } = await exportModel(dlib, given);
    expect(calibration?.table.at(-1)).toMatchObject({ fmr: 0, impostorPairs: 4500 });
    expect(calibration?.table.at(-1)?.tmr).toBeGreaterThan(0.9);
  });
});
