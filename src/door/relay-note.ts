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

/**
 * The relay of the note; undefined where no daemon has left one that can be read. It is not held against the configuration's schema: that
 * would take a third of the time in which a killed daemon's relay stays energised, and opening the relay refuses what is none.
 */
export function readRelayNote(folder: string): Config['relay'] | undefined {
  try {
    const { relay } = JSON.parse(readFileSync(pathIn(folder), 'utf8')) as { relay?: Config['relay'] };
    return typeof relay?.adapter === 'string' ? relay : undefined;
  } catch {
    return undefined;
  }
}

const pathIn = (folder: string) => join(folder, 'relay.json');
