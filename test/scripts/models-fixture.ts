import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { fetchModels, type FetchSettings, type FetchSummary } from '../../scripts/models/fetch-models.js';
import { editManifest, type EditableManifest } from '../inference/edit-manifest.js';
import { startFakeRegistry, type FakePackage, type FakeRegistry } from './fake-registry.js';

const MODELS_PACKAGE = 'some-models';
const PHOTOGRAPHS_PACKAGE = '@someone/photographs';

/** A models folder whose manifest names small files, the tarballs that hold them, and a registry that serves those. */
export interface ModelsFixture {
  readonly folder: string;
  readonly modelsFolder: string;
  readonly registry: FakeRegistry;
  readonly models: FakePackage;
  readonly photographs: FakePackage;
  /** What should stand in the models folder, by path below it. */
  readonly contents: Readonly<Record<string, Uint8Array>>;
  /** What was told to the person who waits. */
  readonly told: string[];
  fetch(settings?: Partial<FetchSettings>): Promise<FetchSummary>;
  editManifest(edit: (manifest: EditableManifest) => unknown): Promise<void>;
  /** Every file below the models folder but the manifest. */
  present(): Promise<string[]>;
  /** Whether every file of `contents` is there, byte for byte, and nothing else. */
  isComplete(): Promise<boolean>;
  close(): Promise<void>;
}

export async function modelsFixture(): Promise<ModelsFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'facelatch-fetch-'));
  const modelsFolder = join(folder, 'models');
  await mkdir(modelsFolder);
  const contents = {
    'a.onnx': noise(1, 150_000),
    'b.onnx': noise(2, 90_000),
    'photographs/one.jpg': noise(3, 40_000),
  };
  const models = await pack(folder, MODELS_PACKAGE, {
    'model/first.onnx': contents['a.onnx'],
    'model/second.onnx': contents['b.onnx'],
    'model/unwanted.onnx': noise(4, 60_000),
    'index.js': Buffer.from('throw new Error("no code of a package is ever run")'),
  });
  const photographs = await pack(folder, PHOTOGRAPHS_PACKAGE, { 'demo/one.jpg': contents['photographs/one.jpg'] });
  const registry = await startFakeRegistry([models, photographs]);
  await writeManifest(modelsFolder, models, photographs, contents);

  const told: string[] = [];
  const progress = {
    line: (text: string) => void told.push(text),
    begin: (name: string, totalBytes: number, haveBytes: number) => {
      told.push(`${name} from ${haveBytes} of ${totalBytes}`);
      return { at: () => undefined, note: (text: string) => void told.push(text), end: () => undefined };
    },
  };
  const present = async () =>
    (await readdir(modelsFolder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile() && entry.name !== 'manifest.json')
      .map((entry) => join(entry.parentPath, entry.name).slice(modelsFolder.length + 1))
      .sort();

  return {
    folder,
    modelsFolder,
    registry,
    models,
    photographs,
    contents,
    told,
    present,
    editManifest: (edit) => editManifest(modelsFolder, edit, modelsFolder),
    fetch: (settings) =>
      fetchModels({
        modelsFolder,
        photographs: true,
        npm: { registry: registry.url, cache: join(folder, 'npm-cache') },
        progress: () => Promise.resolve(progress),
        pauseMs: 1,
        ...settings,
      }),
    async isComplete() {
      if ((await present()).join() !== Object.keys(contents).sort().join()) return false;
      const same = Object.entries(contents).map(async ([path, bytes]) => bytes.equals(await readFile(join(modelsFolder, path))));
      return (await Promise.all(same)).every(Boolean);
    },
    async close() {
      await registry.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Bytes that do not compress, always the same for one seed. */
function noise(seed: number, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, i) => createHash('sha512').update(`${seed}.${i}`).digest());
  return Buffer.concat(blocks).subarray(0, length);
}

const integrityOf = (bytes: Uint8Array) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function pack(folder: string, name: string, files: Record<string, Uint8Array>): Promise<FakePackage> {
  const staging = await mkdtemp(join(folder, 'pack-'));
  for (const [path, bytes] of Object.entries(files)) {
    await mkdir(join(staging, 'package', path, '..'), { recursive: true });
    await writeFile(join(staging, 'package', path), bytes);
  }
  await create({ file: join(staging, 'packed.tgz'), cwd: staging, gzip: true }, ['package']);
  const tarball = await readFile(join(staging, 'packed.tgz'));
  await rm(staging, { recursive: true });
  return { name, version: '1.2.3', tarball, integrity: integrityOf(tarball) };
}

/** The manifest of the project with these files in it; its schema is that of every manifest. */
function writeManifest(
  modelsFolder: string,
  models: FakePackage,
  photographs: FakePackage,
  contents: Record<string, Uint8Array>,
): Promise<void> {
  const file = (path: string) => ({ bytes: contents[path].length, sha256: sha256Of(contents[path]) });
  const listed = ({ name, version, integrity, tarball }: FakePackage) => {
    return { name, version, integrity, tarballBytes: tarball.length, licence: 'MIT' };
  };
  return editManifest(modelsFolder, (manifest) => {
    const eyes = manifest.models.find(({ role }) => role === 'eyes')!;
    const from = models.name;
    manifest.packages = [listed(models), listed(photographs)];
    manifest.models = [
      { ...eyes, ...file('a.onnx'), id: 'a', package: from, packageFile: 'model/first.onnx', file: 'a.onnx' },
      { ...eyes, ...file('b.onnx'), id: 'b', package: from, packageFile: 'model/second.onnx', file: 'b.onnx' },
    ];
    const photograph = { package: photographs.name, packageFile: 'demo/one.jpg', file: 'one.jpg' };
    manifest.photographs = [{ ...photograph, ...file('photographs/one.jpg') }];
  });
}
