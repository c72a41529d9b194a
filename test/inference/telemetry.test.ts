import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transpiled } from './transpiled.js';

/**
 * The runtime's telemetry first creates an identifier and a queue of events under the home folder, at load; about ten seconds
 * later it looks its collector up. Whether it is on is therefore seen at once, without a network, in a fresh home.
 */
let folder: string;

beforeAll(async () => {
  folder = await transpiled('src/errors.ts', 'src/inference');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What a process that runs this program leaves in its home; CI and the runtime's switch are not in its environment. */
async function leftByProcess(program: string): Promise<{ files: string[]; stdout: string }> {
  const home = await mkdtemp(join(folder, 'home-'));
  const script = join(folder, 'program.mjs');
  await writeFile(script, program);
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: home, TMPDIR: home },
  });
  expect(status, stderr).toBe(0);
  return { files: await readdir(home, { recursive: true }), stdout };
}

const openSession = `
  const session = await runtime.InferenceSession.create(new Uint8Array(8)).catch((error) => console.log(error.message));`;

describe.runIf(process.platform === 'linux')('telemetry of the runtime', () => {
  it('is on when the runtime is loaded in any other way', async () => {
    const { files } = await leftByProcess(`import runtime from 'onnxruntime-node';${openSession}`);
    expect(files.join(' ')).toContain('onnxruntime');
  });

  it('is off when it is loaded through the one module that may', async () => {
    const { files } = await leftByProcess(
      `import { loadRuntime } from './src/inference/runtime.js'; const runtime = await loadRuntime();${openSession}`,
    );
    expect(files).toEqual([]);
  });

  it('is off in a worker that was started after it was switched off', async () => {
    const worker = `const { loadRuntime } = await import(process.argv[2]); const runtime = await loadRuntime();${openSession}`;
    const { files, stdout } = await leftByProcess(workerProgram(worker, true));
    expect(files).toEqual([]);
    expect(stdout).toContain('protobuf');
  });

  it('keeps the runtime from being loaded in a worker where it cannot be switched off', async () => {
    const worker = `const { loadRuntime } = await import(process.argv[2]);
      await loadRuntime().catch((error) => console.log(error.code));`;
    const { files, stdout } = await leftByProcess(workerProgram(worker, false));
    expect(files).toEqual([]);
    expect(stdout.trim()).toBe('RUNTIME_UNAVAILABLE');
  });
});

function workerProgram(code: string, switchedOff: boolean): string {
  return `
    import { Worker } from 'node:worker_threads';
    import { switchTelemetryOff } from './src/inference/runtime.js';
    if (${String(switchedOff)}) switchTelemetryOff();
    const runtime = new URL('./src/inference/runtime.js', import.meta.url).href;
    const worker = new Worker(${JSON.stringify(`(async () => { ${code} })()`)}, { eval: true, argv: [runtime] });
    worker.on('error', (error) => { console.error(error); process.exitCode = 1; });`;
}
