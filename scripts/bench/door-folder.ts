import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { playVisitors, portrait, resident, type Sitter } from '../demo/visitors.js';
import { tunedFolder, tuneForBench } from './way.js';
import { photographs } from './scenes.js';

/** The command as it is shipped. */
export const cli = fileURLToPath(new URL('../../facelatch.cjs', import.meta.url));

/** A door's working folder: facelatch.yaml, and a people file with one person, Ada (the resident of the demonstration). */
export interface DoorFolder {
  readonly path: string;
  /** Of the broker inside the process. */
  readonly mqttPort: number;
}

/**
 * Works in a door's folder and takes it away afterwards.
 *
 * @param settings of the configuration, given the folder; what they leave out is as by default
 */
export async function inDoorFolder<T>(
  settings: (folder: string) => object | Promise<object>,
  work: (folder: DoorFolder) => Promise<T>,
): Promise<T> {
  await tuneForBench();
  const path = await mkdtemp(join(tmpdir(), 'facelatch-bench-'));
  try {
    const mqttPort = await freePort();
    const { inference, ...others } = (await settings(path)) as { inference?: object };
    const config = { mqtt: { embeddedPort: mqttPort }, inference: { tunedFolder, ...inference }, ...others };
    await writeFile(join(path, 'facelatch.yaml'), JSON.stringify(config));
    await writeFile(join(path, 'ada.jpg'), await portrait(photographs, resident.enrolled));
    const enrolling = spawn(process.execPath, [cli, 'enroll', 'Ada', 'ada.jpg', '--largest-face'], { cwd: path });
    const [status] = (await once(enrolling, 'close')) as [number | null];
    if (status !== 0) throw new Error(`"facelatch enroll" ended with status ${status ?? 'none'}`);
    return await work({ path, mqttPort });
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

/** Frames of a replayed camera in which the first visitor is there from the first frame on. */
export async function playFromFirstVisitor(folder: string, visitors: readonly Sitter[]): Promise<void> {
  await playVisitors(folder, photographs, visitors);
  const names = (await readdir(folder)).sort();
  const pictures = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const first = pictures.findIndex((picture) => !picture.equals(pictures[0]));
  for (const name of names.slice(0, first)) await rm(join(folder, name));
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  return port;
}
