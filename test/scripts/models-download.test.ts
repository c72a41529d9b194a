import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { npmOptions } from '../../scripts/models/npm-client.js';
import { modelsFixture, type ModelsFixture } from './models-fixture.js';

let fixture: ModelsFixture;
beforeEach(async () => {
  fixture = await modelsFixture();
});
afterEach(() => fixture.close());

const partialTarball = () => join(fixture.modelsFolder, '.partial', 'some-models-1.2.3.tgz');

async function leavePartial(bytes: Uint8Array): Promise<void> {
  await mkdir(join(fixture.modelsFolder, '.partial'), { recursive: true });
  await writeFile(partialTarball(), bytes);
}

describe('fetching the models from a registry', () => {
  it('keeps the files that the manifest names and nothing else of the packages', async () => {
    const { fetched, files } = await fixture.fetch();
    expect(fetched).toEqual(files);
    expect(await fixture.isComplete()).toBe(true);
  });

  it('asks the network for nothing when every file is in its place', async () => {
    await fixture.fetch();
    await fixture.registry.close();
    const { fetched, missing } = await fixture.fetch({ progress: () => Promise.reject(new Error('there is nothing to tell')) });
    expect([fetched, missing]).toEqual([[], []]);
  });

  it('leaves files that are as they should be alone, and replaces the one that is not', async () => {
    await fixture.fetch();
    const long = new Date('2020-01-01T00:00:00Z');
    await utimes(join(fixture.modelsFolder, 'a.onnx'), long, long);
    await truncate(join(fixture.modelsFolder, 'b.onnx'), 1_000);
    const { fetched } = await fixture.fetch();
    expect(fetched.map(({ packageFile }) => packageFile)).toEqual(['model/second.onnx']);
    expect((await stat(join(fixture.modelsFolder, 'a.onnx'))).mtime).toEqual(long);
    expect(fixture.registry.requests.filter((path) => path.includes('photographs'))).toHaveLength(2);
    expect(await fixture.isComplete()).toBe(true);
  });

  it('replaces a file in which one bit has turned', async () => {
    await fixture.fetch();
    const path = join(fixture.modelsFolder, 'b.onnx');
    const bytes = await readFile(path);
    bytes[5] ^= 8;
    await writeFile(path, bytes);
    expect((await fixture.fetch()).fetched).toHaveLength(1);
    expect(await fixture.isComplete()).toBe(true);
  });

  it('leaves the photographs out when they are not wanted', async () => {
    await fixture.fetch({ photographs: false });
    expect(await fixture.present()).toEqual(['a.onnx', 'b.onnx']);
    expect(fixture.registry.requests.filter((path) => path.includes('photographs'))).toEqual([]);
  });
});

describe('two processes that fetch at once', () => {
  const lock = () => join(fixture.modelsFolder, '.partial', 'lock');
  const otherProcess = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });

  it('take turns', async () => {
    const other = otherProcess();
    await mkdir(join(fixture.modelsFolder, '.partial'));
    await writeFile(lock(), String(other.pid));
    const fetched = fixture.fetch();
    await vi.waitFor(() => expect(fixture.told).toEqual([`Waiting for process ${other.pid}, which is fetching the models.`]));
    expect(fixture.registry.requests).toEqual([]);
    await rm(lock());
    await fetched;
    other.kill();
    expect(await fixture.isComplete()).toBe(true);
  });

  it('do not wait for one that is gone', async () => {
    const other = otherProcess();
    const gone = once(other, 'exit');
    other.kill('SIGKILL');
    await gone;
    await mkdir(join(fixture.modelsFolder, '.partial'));
    await writeFile(lock(), String(other.pid));
    await fixture.fetch();
    expect(await fixture.isComplete()).toBe(true);
  });
});

describe('a download that is interrupted', () => {
  it('goes on where it stopped', async () => {
    fixture.registry.misbehave = { cutAfterBytes: [100_000, 50_000] };
    await fixture.fetch();
    expect(await fixture.isComplete()).toBe(true);
    const [first, ...later] = fixture.registry.ranges.slice(0, 3);
    expect(first).toBeUndefined();
    for (const range of later) expect(Number(/^bytes=(\d+)-$/.exec(range!)![1])).toBeGreaterThan(0);
  });

  it('is continued by the next process', async () => {
    await leavePartial(fixture.models.tarball.subarray(0, 123_456));
    await fixture.fetch();
    expect(fixture.registry.ranges[0]).toBe('bytes=123456-');
    expect(fixture.told[0]).toContain('from 123456 of');
    expect(await fixture.isComplete()).toBe(true);
  });

  it('needs no tarball from the network when only the taking out was interrupted', async () => {
    await leavePartial(fixture.models.tarball);
    await fixture.fetch({ photographs: false });
    expect(fixture.registry.requests).toEqual([]);
    expect(await fixture.present()).toEqual(['a.onnx', 'b.onnx']);
  });

  it('starts anew where the server knows no ranges', async () => {
    await leavePartial(fixture.models.tarball.subarray(0, 123_456));
    fixture.registry.misbehave = { ignoresRanges: true };
    await fixture.fetch();
    expect(await fixture.isComplete()).toBe(true);
  });

  it('starts anew when what was left is damaged', async () => {
    await leavePartial(new Uint8Array(123_456));
    await fixture.fetch();
    expect(fixture.registry.ranges.slice(0, 2)).toEqual(['bytes=123456-', undefined]);
    expect(await fixture.isComplete()).toBe(true);
  });

  it('starts anew when what was left is longer than the tarball', async () => {
    await leavePartial(new Uint8Array(fixture.models.tarball.length + 1));
    await fixture.fetch();
    expect(fixture.registry.ranges[0]).toBeUndefined();
    expect(await fixture.isComplete()).toBe(true);
  });

  it('gives up when nothing more comes, and keeps what came for the next time', async () => {
    fixture.registry.misbehave = { cutAfterBytes: [100_000, 0, 0, 0, 0, 0] };
    await expect(fixture.fetch()).rejects.toMatchObject({ code: 'MODEL_FETCH_FAILED' });
    expect(await fixture.present()).toEqual(['.partial/some-models-1.2.3.tgz']);
    fixture.registry.misbehave = {};
    await fixture.fetch();
    expect(await fixture.isComplete()).toBe(true);
  });
});

describe('a registry that has something else', () => {
  it('is refused when the tarball has another integrity, before anything is taken out of it', async () => {
    const tampered = Uint8Array.from(fixture.models.tarball);
    tampered[tampered.length >> 1] ^= 1;
    fixture.registry.misbehave = { sends: tampered };
    await expect(fixture.fetch()).rejects.toMatchObject({
      code: 'MODEL_FETCH_FAILED',
      exitStatus: 6,
      message: expect.stringMatching(/some-models@1\.2\.3.*integrity sha512-.* where sha512-.* was expected/),
    });
    expect(await fixture.present()).toEqual([]);
  });

  it.each([
    ['shorter', -1],
    ['longer', 1],
  ])('is refused when the tarball is %s', async (_, difference) => {
    const { length } = fixture.models.tarball;
    fixture.registry.misbehave = { sends: new Uint8Array(length + difference) };
    await expect(fixture.fetch()).rejects.toThrow(`a tarball of ${length + difference} bytes where ${length} were expected`);
    expect(await fixture.present()).toEqual([]);
  });

  it('is refused when it lists another integrity for the version', async () => {
    await fixture.editManifest(({ packages }) => (packages[0].integrity = packages[1].integrity));
    await expect(fixture.fetch()).rejects.toThrow(/Integrity checksum failed/);
    expect(fixture.registry.ranges).toEqual([]);
  });

  it('is refused when a file in the tarball is not what the manifest names', async () => {
    await fixture.editManifest(({ models }) => (models[1].sha256 = 'a'.repeat(64)));
    await expect(fixture.fetch()).rejects.toThrow(/model\/second\.onnx from .* with a{64} were expected/);
    expect(await fixture.present()).not.toContain('b.onnx');
  });

  it('is refused when the tarball lacks a file that the manifest names', async () => {
    await fixture.editManifest(({ models }) => (models[1].packageFile = 'model/third.onnx'));
    await expect(fixture.fetch()).rejects.toThrow(/model\/third\.onnx from .*: no such file of 90000 bytes in it/);
    expect(await fixture.present()).not.toContain('b.onnx');
  });

  it.each([401, 403, 404])('is not asked again when it answers %i', async (status) => {
    fixture.registry.misbehave = { status };
    await expect(fixture.fetch()).rejects.toMatchObject({ code: 'MODEL_FETCH_FAILED' });
    expect(fixture.registry.ranges).toHaveLength(1);
    expect(await fixture.present()).toEqual([]);
  });

  it("is named in the error when it cannot be reached, sooner than npm's own retries would have it", async () => {
    await fixture.registry.close();
    const environment = { HOME: fixture.folder, npm_config_registry: fixture.registry.url };
    const npm = await npmOptions(fixture.folder, environment);
    await expect(fixture.fetch({ npm })).rejects.toThrow(new RegExp(`ECONNREFUSED.*from ${fixture.registry.url}`));
    expect(await fixture.present()).toEqual([]);
  });
});

describe("the user's npm configuration", () => {
  it('decides on the registry and its credentials, from the environment and the .npmrc files', async () => {
    const home = join(fixture.folder, 'home');
    await mkdir(home);
    const host = new URL(fixture.registry.url).host;
    await writeFile(join(home, '.npmrc'), `@someone:registry=${fixture.registry.url}\n//${host}/:_authToken=letmein\n`);
    const env = {
      PATH: process.env['PATH'],
      HOME: home,
      npm_config_userconfig: join(home, '.npmrc'),
      npm_config_cache: join(fixture.folder, 'npm-cache'),
      npm_config_registry: fixture.registry.url,
      npm_config_proxy: 'http://127.0.0.1:1',
      npm_config_noproxy: '127.0.0.1',
    };
    const options = await npmOptions(home, env);
    expect(options).toMatchObject({
      registry: fixture.registry.url,
      proxy: 'http://127.0.0.1:1',
      '@someone:registry': fixture.registry.url,
    });
    await fixture.fetch({ npm: options });
    expect(await fixture.isComplete()).toBe(true);
    expect(new Set(fixture.registry.authorizations)).toEqual(new Set(['Bearer letmein']));
  });
});
