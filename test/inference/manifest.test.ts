import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultModelsFolder, modelEntry, readManifest } from '../../src/inference/manifest.js';
import { editManifest, type EditableManifest } from './edit-manifest.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'facelatch-manifest-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the manifest that facelatch ships', () => {
  it('is found beside the sources and obeys its schema', async () => {
    const manifest = await readManifest(defaultModelsFolder());
    expect(manifest.models.map(({ id, role }) => [id, role])).toEqual([
      ['ultraface-rfb-320', 'detector'],
      ['landmarks-68', 'landmarks'],
      ['mobilefacenet-arcface', 'encoder'],
      ['minifasnet-liveness', 'liveness'],
      ['eye-state', 'eyes'],
      ['head-pose', 'pose'],
    ]);
    expect(manifest.photographs).toHaveLength(6);
  });

  it('has a model card for each model, which names the file, the licence and the SHA-256', async () => {
    for (const model of (await readManifest(defaultModelsFolder())).models) {
      const path = join(defaultModelsFolder(), `${model.id}.md`);
      expect(existsSync(path), path).toBe(true);
      const card = await readFile(path, 'utf8');
      for (const fact of [model.packageFile, model.package, model.licence, model.sha256]) expect(card, path).toContain(fact);
    }
  });

  it('puts the boundary of 0.7 at the strictest calibrated distance of the encoder', async () => {
    const { calibration } = modelEntry((await readManifest(defaultModelsFolder())).models, 'mobilefacenet-arcface');
    const strictest = Math.min(...calibration!.table.map((row) => row.rawDistance));
    expect(calibration!.operatingPoint).toEqual({ rawDistance: strictest, faceNetDistance: 0.7 });
  });
});

describe('a manifest that cannot be trusted', () => {
  async function refusal(edit: (manifest: EditableManifest) => unknown): Promise<unknown> {
    await editManifest(folder, edit);
    return readManifest(folder).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it.each<[string, string, (manifest: EditableManifest) => unknown]>([
    ['a file outside the folder', 'plain file name', (m) => (m.models[0].file = '../../etc/passwd')],
    ['a version range', 'exact version', (m) => (m.packages[0].version = '^0.0.1')],
    ['an integrity that is no SHA-512', 'sha512-', (m) => (m.packages[0].integrity = 'sha1-AAAA')],
    ['a hash that is no SHA-256', '64 hexadecimal', (m) => (m.models[0].sha256 = 'abc')],
    ['two models of one id', 'each model once', (m) => (m.models[1].id = m.models[0].id)],
    ['two models in one file', 'each file once', (m) => (m.models[1].file = m.models[0].file)],
    ['a file from no listed package', 'one of the packages', (m) => (m.photographs[0].package = 'somebody-elses')],
    ['a normalisation for other channels', 'for each channel', (m) => (m.models[0].input.subtract = [127])],
    ['grey with three channels', '1 channel for grey', (m) => (m.models[0].input.channels = 'grey')],
    ['an encoder without a calibration', 'calibration', (m) => delete m.models[2].calibration],
    [
      'an operating point that was never measured',
      'row of the calibration table',
      (m) => (m.models[2].calibration!.operatingPoint.rawDistance = 1.5),
    ],
    ['a key that nobody knows', 'Unrecognized key', (m) => Object.assign(m.models[0], { sha512: 'x' })],
  ])('is refused for %s', async (_, words, edit) => {
    const error = await refusal(edit);
    expect(error).toMatchObject({ code: 'MANIFEST_INVALID', exitStatus: 6 });
    expect((error as Error).message).toContain(words);
    expect((error as Error).message).toContain(join(folder, 'manifest.json'));
  });

  it('is refused when it is missing', async () => {
    await expect(readManifest(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });

  it('is refused when it is not JSON', async () => {
    await writeFile(join(folder, 'manifest.json'), '{"format": 1,');
    await expect(readManifest(folder)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
  });
});

describe('a model that the manifest does not list', () => {
  it('is refused with those that it does', async () => {
    const manifest = await readManifest(defaultModelsFolder());
    expect(() => modelEntry(manifest.models, 'facenet')).toThrow(/mobilefacenet-arcface.*received "facenet"/);
  });
});
