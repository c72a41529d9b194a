import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rawThresholdOf } from '../../src/identity/distance.js';
import { addLocalModel, fileEntry, keepCalibration, LOCAL_MODELS, readModels } from '../../src/inference/local-models.js';
import { defaultModelsFolder, modelEntry, readManifest } from '../../src/inference/manifest.js';

describe('models made on this machine', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    await cp(join(defaultModelsFolder(), 'manifest.json'), join(folder, 'manifest.json'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function own(changes: object = {}) {
    const encoder = modelEntry((await readManifest(folder)).models, 'mobilefacenet-arcface');
    // Without the package that the manifest's models come from.
    const { id, role, file, bytes, sha256, licence, input, outputs, alignment, calibration } = encoder;
    const entry = { id, role, file, bytes, sha256, licence, input, outputs, alignment, calibration };
    return { ...entry, id: 'my-encoder', file: 'my-encoder.onnx', ...changes };
  }
  const write = (content: unknown) => writeFile(join(folder, LOCAL_MODELS), JSON.stringify(content));

  it('are none where there is no file of them', async () => {
    expect(await readModels(folder)).toEqual((await readManifest(folder)).models);
  });

  it('are found beside those of the manifest', async () => {
    const entry = await own();
    await write({ format: 1, models: [entry] });
    const models = await readModels(folder);
    expect(modelEntry(models, 'my-encoder')).toEqual(entry);
    expect(modelEntry(models, 'ultraface-rfb-320').role).toBe('detector');
    expect(() => modelEntry(models, 'other')).toThrow(/mobilefacenet-arcface.*my-encoder.*received "other"/);
  });

  it('take nobody’s place: neither the id nor the file of a model of the manifest', async () => {
    await write({ format: 1, models: [await own({ id: 'mobilefacenet-arcface' })] });
    await expect(readModels(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    await write({ format: 1, models: [await own({ file: 'mobilefacenet-arcface.onnx' })] });
    await expect(readModels(folder)).rejects.toThrow(/"my-encoder" \(mobilefacenet-arcface.onnx\) is a model of manifest.json/);
  });

  it('are refused when they are no encoders one could use, or lie elsewhere', async () => {
    for (const changes of [{ calibration: undefined }, { file: '../x.onnx' }, { package: 'x' }]) {
      await write({ format: 1, models: [await own(changes)] });
      await expect(readModels(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    }
    await writeFile(join(folder, LOCAL_MODELS), '{');
    await expect(readModels(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});

describe('calibrations of this machine', () => {
  const id = 'mobilefacenet-arcface';
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    await cp(join(defaultModelsFolder(), 'manifest.json'), join(folder, 'manifest.json'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function measured(rawDistance: number, changes: object = {}) {
    const { sha256 } = modelEntry(await readModels(folder), id);
    const row = { fmr: 0, rawDistance, tmr: 0.5, impostorPairs: 300 };
    const calibration = { genuinePairs: 10, table: [row], operatingPoint: { rawDistance, faceNetDistance: 0.7 } };
    const seen = { measuredAt: '2026-03-31T18:00:00.000Z', people: 3, photographs: 30 };
    return { model: id, sha256, ...seen, laxer: false, calibration, ...changes };
  }
  const inForce = async () => rawThresholdOf(modelEntry(await readModels(folder), id));

  it('hold for an encoder of the manifest until they are taken away again', async () => {
    const shipped = await inForce();
    await keepCalibration(folder, id, await measured(0.9));
    expect(await inForce()).toBeCloseTo(0.9, 10);
    await keepCalibration(folder, id, await measured(0.8));
    expect(await inForce()).toBeCloseTo(0.8, 10);
    await keepCalibration(folder, id, undefined);
    expect(await inForce()).toBe(shipped);
  });

  it('let nobody in whom the encoder’s own would not, unless that was asked for', async () => {
    const shipped = await inForce();
    await keepCalibration(folder, id, await measured(1.2));
    expect(await inForce()).toBe(shipped);
    await keepCalibration(folder, id, await measured(1.2, { laxer: true }));
    expect(await inForce()).toBeCloseTo(1.2, 10);
  });

  it('say nothing of another file of the same name', async () => {
    const shipped = await inForce();
    await keepCalibration(folder, id, await measured(0.9, { sha256: '0'.repeat(64) }));
    expect(await inForce()).toBe(shipped);
  });

  it('stand beside the models that were made here, and go when such a model is made anew', async () => {
    const { role, licence, input, outputs, alignment, calibration } = modelEntry(await readModels(folder), id);
    const bytes = new Uint8Array([1, 2, 3]);
    const entry = { ...fileEntry('mine', bytes), role, licence, input, outputs, alignment, calibration };
    await addLocalModel(folder, entry, bytes);
    await keepCalibration(folder, id, await measured(0.9));
    await keepCalibration(folder, 'mine', await measured(0.6, { model: 'mine', sha256: entry.sha256 }));
    expect(rawThresholdOf(modelEntry(await readModels(folder), 'mine'))).toBeCloseTo(0.6, 10);
    await addLocalModel(folder, entry, bytes);
    expect(modelEntry(await readModels(folder), 'mine')).toEqual(entry);
    expect(await inForce()).toBeCloseTo(0.9, 10);
  });

  it('are refused when they are none', async () => {
    for (const changes of [{ laxer: undefined }, { people: 1 }, { calibration: {} }]) {
      const content = { format: 1, calibrations: [{ ...(await measured(0.9)), ...changes }] };
      await writeFile(join(folder, LOCAL_MODELS), JSON.stringify(content));
      await expect(readModels(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
      await rm(join(folder, LOCAL_MODELS));
    }
  });
});
