import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { modelsFixture, type ModelsFixture } from './models-fixture.js';

let fixture: ModelsFixture;
let stick: string;
beforeEach(async () => {
  fixture = await modelsFixture();
  await fixture.registry.close();
  stick = join(fixture.folder, 'stick');
  await mkdir(stick);
});
afterEach(() => fixture.close());

async function put(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(stick, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, bytes);
  return path;
}

describe('taking the models from a folder, without a network', () => {
  it('takes them out of the tarballs in it', async () => {
    await put('some-models-1.2.3.tgz', fixture.models.tarball);
    await put('someone-photographs-1.2.3.tgz', fixture.photographs.tarball);
    await fixture.fetch({ from: stick });
    expect(await fixture.isComplete()).toBe(true);
    expect(fixture.registry.requests).toEqual([]);
  });

  it('takes the files themselves, whatever their names and folders are', async () => {
    await put('models/a.onnx', fixture.contents['a.onnx']);
    await put('unpacked/package/model/second.onnx', fixture.contents['b.onnx']);
    await put('holiday.jpg', fixture.contents['photographs/one.jpg']);
    await put('notes.txt', Buffer.from('nothing of interest'));
    await fixture.fetch({ from: stick });
    expect(await fixture.isComplete()).toBe(true);
  });

  it('does without photographs that it does not hold, and says which are missing', async () => {
    await put('some-models-1.2.3.tgz', fixture.models.tarball);
    const { missing } = await fixture.fetch({ from: stick });
    expect(missing.map(({ packageFile }) => packageFile)).toEqual(['demo/one.jpg']);
    expect(await fixture.present()).toEqual(['a.onnx', 'b.onnx']);
  });

  it('refuses one that lacks a model, and says which and from which package', async () => {
    await put('a.onnx', fixture.contents['a.onnx']);
    await expect(fixture.fetch({ from: stick })).rejects.toMatchObject({
      code: 'MODEL_FETCH_FAILED',
      message: expect.stringContaining('nothing that holds model/second.onnx (of some-models@1.2.3)'),
    });
  });

  it('says that a file of the right name has another content', async () => {
    await put('a.onnx', fixture.contents['a.onnx']);
    await put('b.onnx', fixture.contents['b.onnx'].subarray(1));
    await expect(fixture.fetch({ from: stick })).rejects.toThrow(/b\.onnx is not the b\.onnx that the manifest names/);
    expect(await fixture.present()).toEqual(['a.onnx']);
  });

  it('refuses one that is not there', async () => {
    await expect(fixture.fetch({ from: join(stick, 'nowhere') })).rejects.toThrow(/no such file or folder/);
  });
});

describe('taking the models from one tarball, without a network', () => {
  it('takes what it holds', async () => {
    await fixture.fetch({ from: await put('renamed.tgz', fixture.models.tarball) });
    await fixture.fetch({ from: await put('photographs.tgz', fixture.photographs.tarball) });
    expect(await fixture.isComplete()).toBe(true);
  });

  it('refuses one that was cut short', async () => {
    const path = await put('some-models-1.2.3.tgz', fixture.models.tarball.subarray(0, 200_000));
    await expect(fixture.fetch({ from: path })).rejects.toThrow(
      `200000 bytes where ${fixture.models.tarball.length} were expected`,
    );
    expect(await fixture.present()).toEqual([]);
  });

  it('refuses one in which a bit has turned', async () => {
    const bytes = Uint8Array.from(fixture.models.tarball);
    bytes[1_000] ^= 1;
    const path = await put('some-models-1.2.3.tgz', bytes);
    await expect(fixture.fetch({ from: path })).rejects.toThrow(/integrity sha512-.* where sha512-.* was expected/);
    expect(await fixture.present()).toEqual([]);
  });

  it('refuses a file that has nothing to do with the models', async () => {
    const path = await put('notes.txt', Buffer.from('nothing of interest'));
    await expect(fixture.fetch({ from: path })).rejects.toThrow(
      /neither a model nor the tarball of some-models@1\.2\.3 or @someone\/photographs@1\.2\.3/,
    );
  });
});
