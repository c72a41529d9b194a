import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config-schema.js';

/**
 * The relay that the daemon drives, noted where it runs, so that `facelatch release` finds it after the daemon was killed though
 * the configuration has been changed, or broken, meanwhile.
 *
 * `folder` is systemd's RUNTIME_DIRECTORY: in memory, and gone with the service.
 */
export function noteRelay(folder: string, relay: Config['relay']): void {
  const path = pathIn(folder);
  writeFileSync(`${path}.new`, JSON.stringify({ relay }), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** The note as the text of a configuration, with its path; undefined where no daemon has left one. */
export function readRelayNote(folder: string): { readonly text: string; readonly path: string } | undefined {
  const path = pathIn(folder);
  try {
    return { text: readFileSync(path, 'utf8'), path };
  } catch {
    return undefined;
  }
}

const pathIn = (folder: string) => join(folder, 'relay.json');
