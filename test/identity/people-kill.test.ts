import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { killWorkers } from '../../scripts/crash/kills.js';
import { cutPower } from '../../scripts/crash/power-cuts.js';

// Inside the project, so that its packages are found.
const outDir = '.cache/test-crash-worker';

beforeAll(async () => {
  const ssr = 'scripts/crash/worker.ts';
  await build({
    configFile: false,
    logLevel: 'silent',
    build: { ssr, outDir, target: 'node20', minify: false, emptyOutDir: true },
  });
});

/** A few rounds of what `npm run test:crash` does for hundreds. */
describe('a daemon and command lines that are killed in the middle of their work', () => {
  it.each([
    ['in the clear', {}],
    ['encrypted', { passphrase: 'correct horse battery' }],
  ])(
    'lose no acknowledged change, %s',
    async (_what, secret) => {
      const folder = mkdtempSync(join(tmpdir(), 'people-kill-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      const worker = join(outDir, 'worker.js');
      const report = await killWorkers({ worker, file: join(folder, 'people.json'), kills: 4, seed: 1, ...secret });
      expect(report.kills).toBeGreaterThanOrEqual(4);
      expect(report.acknowledged).toBeGreaterThan(4);
    },
    120_000,
  );
});

describe('power cuts in a row', () => {
  it('find the old state or the new one', async () => {
    const { cuts, old, new: done } = await cutPower({ cuts: 300, seed: 1 });
    expect(old + done).toBe(cuts);
    expect(done).toBeGreaterThan(0);
  }, 60_000);
});
