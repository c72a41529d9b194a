import { copyFile, cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LOCAL_MODELS } from '../../src/inference/local-models.js';
import { defaultModelsFolder, readManifest } from '../../src/inference/manifest.js';
import { facelatch } from '../support/cli.js';
import { lfw, lfwPeople, missing } from '../support/photographs.js';

interface Answer {
  readonly impostorPairs: number;
  readonly supportsFmr: number;
  readonly rawDistance: number;
  readonly shippedRawDistance: number;
  readonly inForceRawDistance: number;
  readonly laxer: boolean;
  readonly kept: string;
  readonly passedOver: readonly { readonly path: string; readonly reason: string }[];
  readonly nearestImpostors: readonly { readonly photographs: readonly string[] }[];
}

describe.skipIf(missing('calibrating on real faces', lfw))('facelatch calibrate', () => {
  let folder: string;
  let local: string;
  const run = (...args: string[]) => facelatch(folder, ['--config', 'door.yaml', ...args]);
  const measure = async (...args: string[]) => {
    const { status, stdout, stderr } = await run('--json', 'calibrate', ...args);
    expect(stderr).toBe('');
    return { status, answer: JSON.parse(stdout) as Answer };
  };
  /** What the door would say of two photographs of one person. */
  const distance = async () => {
    const [{ photographs }] = lfwPeople();
    const { stdout } = await run('--json', 'compare', photographs[0], photographs[1]);
    return JSON.parse(stdout) as { distance: number; rawDistance: number };
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    const models = join(folder, 'models');
    local = join(models, LOCAL_MODELS);
    await mkdir(models);
    await cp(join(defaultModelsFolder(), 'manifest.json'), join(models, 'manifest.json'));
    for (const { file } of (await readManifest(models)).models)
      await symlink(join(defaultModelsFolder(), file), join(models, file));
    await writeFile(
      join(folder, 'door.yaml'),
      `inference:\n  modelsFolder: ${models}\n  tuneAtStart: false\nquality:\n  enabled: false\n`,
    );
    for (const { name, photographs } of lfwPeople().slice(0, 3)) {
      await mkdir(join(folder, 'people', name), { recursive: true });
      for (const path of photographs.slice(0, 3)) await copyFile(path, join(folder, 'people', name, basename(path)));
    }
    // One photograph under the name of another person.
    await cp(join(folder, 'people'), join(folder, 'mislabelled'), { recursive: true });
    const [one, other] = lfwPeople();
    await copyFile(one.photographs[3], join(folder, 'mislabelled', other.name, 'wrong.jpg'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('keeps nothing that lets in whom the shipped calibration does not, and says what so few pairs can show', async () => {
    await writeFile(join(folder, 'people', lfwPeople()[0].name, 'broken.jpg'), 'no picture');
    const { status, answer } = await measure('people');
    expect(status).toBe(1);
    expect(answer).toMatchObject({ kept: 'refused', laxer: true, impostorPairs: 27, shippedRawDistance: 1.037 });
    expect(answer.rawDistance).toBeGreaterThan(1.037);
    expect(answer.supportsFmr).toBeCloseTo(3 / 27, 10);
    expect(answer.passedOver.map(({ path }) => basename(path))).toEqual(['broken.jpg']);
    await expect(readFile(local)).rejects.toThrow(/ENOENT/);
    const { stdout } = await run('calibrate', 'people');
    expect(stdout).toMatch(/WARNING: 27 impostor pairs of 3 people can show a false match rate of 11 % at best/);
    expect(stdout).toMatch(/NOT KEPT: 1\.\d{3} is laxer than the 1\.037 .* \(149684 impostor pairs\); --allow-laxer/);
  });

  it('keeps what is stricter: the door judges by it, doctor tells it, and --reset takes it away', async () => {
    const before = await distance();
    expect(await measure('mislabelled', '--dry-run')).toMatchObject({ status: 0, answer: { kept: 'dry run' } });
    await expect(readFile(local)).rejects.toThrow(/ENOENT/);

    const { status, answer } = await measure('mislabelled');
    expect(status).toBe(0);
    expect(answer).toMatchObject({ kept: 'written', laxer: false, inForceRawDistance: 1.037 });
    expect(answer.rawDistance).toBeLessThan(1.037);
    // The photograph with the wrong name is named.
    expect(answer.nearestImpostors[0].photographs.map((path) => basename(path))).toContain('wrong.jpg');
    const after = await distance();
    expect(after.rawDistance).toBeCloseTo(before.rawDistance, 6);
    expect(after.distance).toBeCloseTo((0.7 * before.rawDistance) / answer.rawDistance, 6);
    const doctor = await run('doctor');
    expect(doctor.stdout).toMatch(/ok\s+calibration\s+0.7 is a raw distance of 0\.\d{3}, .* on 10 photographs of 3 people/);

    expect((await run('calibrate', '--reset')).status).toBe(0);
    expect((await distance()).distance).toBeCloseTo(before.distance, 6);
  });

  it('keeps what is laxer only when told to, and doctor does not hide it', async () => {
    const { status, answer } = await measure('people', '--allow-laxer');
    expect([status, answer.kept, answer.laxer]).toEqual([0, 'written', true]);
    expect((await run('doctor')).stdout).toMatch(/LAXER than the encoder came with/);
    // It is compared with what was shipped, not with what is in force.
    expect(await measure('people')).toMatchObject({ status: 1, answer: { inForceRawDistance: answer.rawDistance } });
    await rm(local);
  });

  it('says what was expected of a folder, a rate and the pairs', async () => {
    const refused = async (...args: string[]) => {
      const { status, stderr } = await run('calibrate', ...args);
      return { status, stderr };
    };
    expect(await refused()).toEqual({ status: 2, stderr: expect.stringContaining('expected a folder of photographs') as string });
    expect(await refused('nowhere')).toEqual({ status: 3, stderr: expect.stringContaining('ENOENT') as string });
    expect(await refused('models')).toEqual({ status: 3, stderr: expect.stringContaining('received: 0 of them') as string });
    expect(await refused('people', '--fmr', '0.5')).toEqual({
      status: 2,
      stderr: expect.stringContaining('0 to 0.01') as string,
    });
    expect(await refused('people', '--fmr', '0.001')).toEqual({
      status: 3,
      stderr: expect.stringContaining(
        'expected 1000 impostor pairs or more to see a false match rate of 0.001, received 27',
      ) as string,
    });
  });
});
