import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultModelsFolder, LOCAL_MODELS, modelEntry, readManifest, readModels } from '../../src/inference/manifest.js';

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
