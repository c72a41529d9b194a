import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { countNodes, listSupportedBackends, reportProviders } from '../../src/inference/provider-report.js';
import { modelsFolder, modelsPresent } from './real-models.js';
import { recordingLog } from './recording-log.js';

const profilesLeft = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('facelatch-profile-'));

describe.skipIf(!modelsPresent)('the report of where a model runs', () => {
  it('counts the nodes of its graph by the provider that ran them, and leaves no profile behind', async () => {
    const before = await profilesLeft();
    const settings = { modelsFolder, executionProviders: ['xnnpack', 'cpu'], threads: 1 } as const;
    const report = await reportProviders('landmarks-68', settings, recordingLog());
    expect(report).toMatchObject({ model: 'landmarks-68', provider: 'cpu', refused: [{ provider: 'xnnpack' }] });
    expect(Object.keys(report.nodes)).toEqual(['CPUExecutionProvider']);
    expect(report.nodes['CPUExecutionProvider']).toBeGreaterThan(5);
    expect(await profilesLeft()).toEqual(before);
  });

  it('leaves no profile behind when the model cannot run', async () => {
    const before = await profilesLeft();
    const settings = { modelsFolder, executionProviders: ['xnnpack'], threads: 1 } as const;
    await expect(reportProviders('landmarks-68', settings, recordingLog())).rejects.toMatchObject({
      code: 'PROVIDER_UNAVAILABLE',
    });
    expect(await profilesLeft()).toEqual(before);
  });
});

describe('a profile of the runtime', () => {
  it('is read for the events of nodes alone', () => {
    const profile = [
      { cat: 'Session', name: 'model_run' },
      { cat: 'Node', args: { provider: 'CUDAExecutionProvider' } },
      { cat: 'Node', args: { provider: 'CPUExecutionProvider' } },
      { cat: 'Node', args: { provider: 'CUDAExecutionProvider' } },
      { cat: 'Node', name: 'Conv_fence_before', args: {} },
    ];
    expect(countNodes(JSON.stringify(profile))).toEqual({ CUDAExecutionProvider: 2, CPUExecutionProvider: 1 });
  });
});

describe('the runtime on this machine', () => {
  it('brings the CPU provider with it', async () => {
    expect(await listSupportedBackends()).toContainEqual({ name: 'cpu', bundled: true });
  });
});
