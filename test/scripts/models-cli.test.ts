import { execFile } from 'node:child_process';
import { cp, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { transpiled } from '../inference/transpiled.js';
import { modelsFixture, type ModelsFixture } from './models-fixture.js';

let fixture: ModelsFixture;
let installed: string;
beforeEach(async () => {
  fixture = await modelsFixture();
  installed = await transpiled('src/errors.ts', 'src/inference', 'scripts/models.ts', 'scripts/models');
  await cp(fixture.modelsFolder, join(installed, 'models'), { recursive: true });
});
afterEach(async () => {
  await fixture.close();
  await rm(installed, { recursive: true, force: true });
});

function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const env = {
    PATH: process.env['PATH'],
    HOME: fixture.folder,
    npm_config_registry: fixture.registry.url,
    npm_config_cache: join(fixture.folder, 'npm-cache'),
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [join(installed, 'scripts/models.js'), ...args],
      { cwd: fixture.folder, env },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

describe('npm run models', () => {
  it('fetches what is missing, says so even when it is to be quiet, and is silent when all is there', async () => {
    const first = await run('--quiet');
    expect(first).toMatchObject({ status: 0, stdout: '' });
    expect(first.stderr).toContain('some-models@1.2.3: fetching 0.3 MB');
    expect(first.stderr).toMatch(/2 models and 1 photographs in .*, every SHA-256 as in the manifest \(3 fetched\)\.\n$/);

    await fixture.registry.close();
    expect(await run('--quiet')).toEqual({ status: 0, stdout: '', stderr: '' });
    expect((await run()).stderr).toContain('(0 fetched)');
  });

  it('ends with status 6 and one line when it cannot fetch', async () => {
    fixture.registry.misbehave = { status: 404 };
    const { status, stderr } = await run('--quiet', '--no-photographs');
    expect(status).toBe(6);
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^models: expected to fetch some-models@1\.2\.3, received: .*404/);
  });

  it('repairs one file from a folder', async () => {
    await run('--quiet');
    await truncate(join(installed, 'models/a.onnx'), 10);
    await fixture.fetch();
    const { status, stderr } = await run('--from', fixture.modelsFolder);
    expect({ status, repaired: stderr.includes('(1 fetched)') }).toEqual({ status: 0, repaired: true });
  });

  it('ends with status 2 and its usage for an option that it does not have', async () => {
    const { status, stderr } = await run('--form', '.');
    expect(status).toBe(2);
    expect(stderr).toMatch(/'--form'[\s\S]*Usage: npm run models/);
  });

  it('shows its usage when asked', async () => {
    const { status, stdout, stderr } = await run('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('--from <path>');
  });
});
