import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { transpiled } from '../inference/transpiled.js';
import { lfw, lfwPeople, missing, root } from '../support/photographs.js';

const steps = 24;

describe.skipIf(missing('training on real faces', lfw))('npm run train', () => {
  let folder: string;
  let script: string;
  let code: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    const folders = ['src', 'scripts/training'].flatMap((top) => [
      top,
      ...readdirSync(join(root, top), { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
    ]);
    code = await transpiled(...folders, 'scripts/train.ts');
    script = join(code, 'scripts/train.js');
    // Five people with four photographs each are enough for a loss.
    for (const { name, photographs } of lfwPeople().slice(0, 5)) {
      mkdirSync(join(folder, 'data', name), { recursive: true });
      for (const path of photographs.slice(0, 4))
        symlinkSync(path, join(folder, 'data', name, path.slice(path.lastIndexOf('/') + 1)));
    }
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await rm(code, { recursive: true });
  });

  function start(
    out: string,
    ...more: string[]
  ): { readonly child: ChildProcess; readonly ended: Promise<{ code: number | null; text: string }> } {
    const settings = ['--input-size', '12', '--steps', String(steps), '--checkpoint-every', '3', '--test', '2', '--seed', '4'];
    const child = spawn(process.execPath, [
      script,
      '--data',
      join(folder, 'data'),
      '--out',
      join(folder, out),
      ...settings,
      ...more,
    ]);
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { child, ended: new Promise((resolve) => child.on('close', (status) => resolve({ code: status, text }))) };
  }

  const logOf = (out: string) => join(folder, out, 'log.csv');
  /** Step, loss, triplets and active ones; the speed is another each time. */
  const curveOf = (out: string) =>
    readFileSync(logOf(out), 'utf8')
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',').slice(0, 4).map(Number));

  async function untilStep(out: string, step: number, child: ChildProcess): Promise<void> {
    while (child.exitCode === null && (!existsSync(logOf(out)) || curveOf(out).length < step)) await setTimeout(5);
  }

  it('goes on after SIGKILL at a random step, and after Ctrl-C, as if nothing had happened', { timeout: 240_000 }, async () => {
    const whole = await start('whole').ended;
    expect(whole.code).toBe(0);
    const expected = curveOf('whole');
    expect(expected.map(([step]) => step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1));

    const killedAt = 4 + Math.floor(Math.random() * 12);
    const killed = start('broken');
    await untilStep('broken', killedAt, killed.child);
    killed.child.kill('SIGKILL');
    expect((await killed.ended).code).toBeNull();

    const interrupted = start('broken', '--resume');
    await untilStep('broken', killedAt + 4, interrupted.child);
    interrupted.child.kill('SIGINT');
    const { code: interruptedCode, text } = await interrupted.ended;
    // A machine that is quick enough has finished by then.
    if (interruptedCode !== 0)
      expect({ interruptedCode, text }).toMatchObject({
        interruptedCode: 130,
        text: expect.stringContaining('--resume') as string,
      });

    const resumed = await start('broken', '--resume').ended;
    expect(resumed, `killed at step ${killedAt}`).toMatchObject({ code: 0 });
    expect(curveOf('broken'), `killed at step ${killedAt}`).toEqual(expected);
    const [one, other] = ['whole', 'broken'].map((out) => readFileSync(join(folder, out, 'model.safetensors')));
    expect(other.equals(one)).toBe(true);
  });

  it(
    'does not begin anew in the folder of another run, nor go on where there is none, nor with other photographs',
    { timeout: 120_000 },
    async () => {
      const again = await start('whole').ended;
      expect(again).toMatchObject({ code: 1, text: expect.stringContaining('--resume goes on with it') as string });
      expect(await start('nowhere', '--resume').ended).toMatchObject({
        code: 1,
        text: expect.stringContaining('found no checkpoint') as string,
      });
      const person = readdirSync(join(folder, 'data'))[0];
      await rm(join(folder, 'data', person, readdirSync(join(folder, 'data', person))[0]));
      expect(await start('whole', '--resume').ended).toMatchObject({
        code: 1,
        text: expect.stringContaining('received others') as string,
      });
    },
  );
});
