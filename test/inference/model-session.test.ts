import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readManifest } from '../../src/inference/manifest.js';
import { openModel, type InferenceSettings } from '../../src/inference/model-session.js';
import { editManifest } from './edit-manifest.js';
import { modelsFolder, modelsPresent } from './real-models.js';
import { recordingLog } from './recording-log.js';

const settings: InferenceSettings = { modelsFolder, executionProviders: ['cpu'], threads: 1 };
const EYES = 'eye-state';
const eyesInput = 24 * 24;

// The CUDA provider is a library beside the runtime's own, which the project's set-up leaves out.
const runtimeFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
const cudaLibrary = `bin/napi-v6/${process.platform}/${process.arch}/libonnxruntime_providers_cuda.so`;
const cudaInstalled = existsSync(join(runtimeFolder, cudaLibrary));

/** The same numbers every time, in 0..1. */
function someInput(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => ((i * 7919) % 1000) / 1000);
}

describe.skipIf(!modelsPresent)('a model of the manifest', () => {
  it('takes its input and gives its outputs in the shapes of its entry, for every entry', async () => {
    for (const { id, input, outputs } of (await readManifest(modelsFolder)).models) {
      const session = await openModel(id, settings, recordingLog());
      const values = input.shape.reduce((a, b) => a * b, 1);
      const results = await session.run(someInput(values));
      expect(Object.keys(results).sort(), id).toEqual(outputs.map(({ name }) => name).sort());
      for (const { name, shape } of outputs) {
        expect(results[name], `${id} ${name}`).toBeInstanceOf(Float32Array);
        expect(results[name], `${id} ${name}`).toHaveLength(shape.reduce((a, b) => a * b, 1));
        expect(results[name].every(Number.isFinite), `${id} ${name}`).toBe(true);
      }
      await session.release();
    }
  });

  it('gives for a batch what it gives for each of its inputs alone', async () => {
    const session = await openModel(EYES, settings, recordingLog());
    const batch = someInput(3 * eyesInput);
    const together = (await session.run(batch, 3))['output'];
    const alone: number[] = [];
    for (let i = 0; i < 3; i++) {
      alone.push(...(await session.run(batch.slice(i * eyesInput, (i + 1) * eyesInput)))['output']);
    }
    expect([...together]).toEqual(alone);
    expect(new Set(alone).size).toBe(6);
    await session.release();
  });

  it('sees what was written into a buffer since the last run, and leaves earlier outputs alone', async () => {
    const session = await openModel(EYES, settings, recordingLog());
    const buffer = someInput(eyesInput);
    const first = (await session.run(buffer))['output'];
    const kept = [...first];
    buffer.fill(0);
    const second = (await session.run(buffer))['output'];
    expect([...second]).not.toEqual(kept);
    expect([...first]).toEqual(kept);
    await session.release();
  });

  it('refuses an input of another length', async () => {
    const session = await openModel(EYES, settings, recordingLog());
    await expect(session.run(new Float32Array(eyesInput - 1))).rejects.toMatchObject({
      code: 'MODEL_INPUT_INVALID',
      message: `expected ${eyesInput} values for 1 input(s) of "${EYES}", received ${eyesInput - 1}`,
    });
    await expect(session.run(new Float32Array(0), 0)).rejects.toMatchObject({ code: 'MODEL_INPUT_INVALID' });
    await session.release();
  });

  it('can be released twice', async () => {
    const session = await openModel(EYES, settings, recordingLog());
    await session.release();
    await session.release();
    await expect(session.run(someInput(eyesInput))).rejects.toThrow(/disposed/);
  });
});

describe.skipIf(!modelsPresent)('a model file that is not the one of the manifest', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-models-'));
    await copyFile(join(modelsFolder, 'manifest.json'), join(folder, 'manifest.json'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is not loaded when one bit differs', async () => {
    const bytes = await readFile(join(modelsFolder, 'eye-state.onnx'));
    bytes[bytes.length >> 1] ^= 1;
    await writeFile(join(folder, 'eye-state.onnx'), bytes);
    const log = recordingLog();
    await expect(openModel(EYES, { ...settings, modelsFolder: folder }, log)).rejects.toMatchObject({
      code: 'MODEL_MISMATCH',
      exitStatus: 6,
    });
    expect(log.lines).toEqual([]);
  });

  it('is not loaded when it is missing, and the way to fetch it is named', async () => {
    await expect(openModel(EYES, { ...settings, modelsFolder: folder }, recordingLog())).rejects.toMatchObject({
      code: 'MODEL_MISSING',
      message: expect.stringContaining('npm run models'),
    });
  });

  it('is not loaded when the manifest names an output that it does not have', async () => {
    await editManifest(folder, ({ models }) => (models.find(({ id }) => id === EYES)!.outputs[0].name = 'openness'));
    await copyFile(join(modelsFolder, 'eye-state.onnx'), join(folder, 'eye-state.onnx'));
    await expect(openModel(EYES, { ...settings, modelsFolder: folder }, recordingLog())).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining('"openness"'),
    });
  });
});

// No test machine has XNNPACK: the runtime's Node package does not hold it on any platform.
describe.skipIf(!modelsPresent)('an execution provider that is not there', () => {
  it('gives way to the next in the list, and the log says why', async () => {
    const log = recordingLog();
    const session = await openModel(EYES, { ...settings, executionProviders: ['xnnpack', 'cpu'] }, log);
    expect(session.provider).toBe('cpu');
    expect(log.lines).toHaveLength(2);
    expect(log.lines[0]).toMatchObject({ level: 'warn', fields: { model: EYES, provider: 'xnnpack' } });
    expect(log.lines[0].fields['reason']).toContain('xnnpack');
    expect(log.lines[1]).toMatchObject({ level: 'info', fields: { model: EYES, provider: 'cpu' } });
    await session.release();
  });

  it.skipIf(cudaInstalled)(
    'gives way when the runtime knows it and lacks its libraries, as with CUDA on a board without it',
    async () => {
      const log = recordingLog();
      const session = await openModel(EYES, { ...settings, executionProviders: ['tensorrt', 'cuda', 'cpu'] }, log);
      expect(session.provider).toBe('cpu');
      expect(log.lines.map(({ fields }) => fields['provider'])).toEqual(['tensorrt', 'cuda', 'cpu']);
      expect(log.lines[1].fields['reason']).toMatch(/cuda|CUDA/i);
      await session.release();
    },
  );

  it('is not replaced by another when it is required', async () => {
    const wanted: InferenceSettings = { ...settings, executionProviders: ['xnnpack', 'cpu'], requireProvider: 'xnnpack' };
    const log = recordingLog();
    await expect(openModel(EYES, wanted, log)).rejects.toMatchObject({ code: 'PROVIDER_UNAVAILABLE', exitStatus: 6 });
    expect(log.lines.map(({ fields }) => fields['provider'])).toEqual(['xnnpack']);
  });

  it('is named with its reason when it was the only one', async () => {
    await expect(openModel(EYES, { ...settings, executionProviders: ['xnnpack'] }, recordingLog())).rejects.toThrow(
      /expected to run "eye-state" on xnnpack; none could be used: xnnpack: .+/,
    );
  });
});
