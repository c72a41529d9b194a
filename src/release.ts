import { systemClock } from './clock.js';
import type { Config } from './config.js';
import { openRelay } from './door/open-relay.js';
import { readRelayNote } from './door/relay-note.js';

/** So long is a line waited for that the killed daemon's last process still holds. */
const PATIENCE_MS = 2_000;
const RETRY_MS = 50;

/**
 * Releases the relay that the daemon last drove and reads it back, whatever is wrong with the configuration by now; the configured
 * one where no daemon has left a note.
 *
 * @throws FacelatchError CONFIG_NOT_FOUND, CONFIG_INVALID, GPIO_LINE_NOT_FOUND, RELAY_UNAVAILABLE
 */
export async function releaseRelay(givenConfigFile?: string): Promise<Config['relay']> {
  const runtimeFolder = process.env['RUNTIME_DIRECTORY'];
  const note = runtimeFolder === undefined ? undefined : readRelayNote(runtimeFolder);
  const relay = note ?? (await configured(givenConfigFile)).relay;
  const giveUpAtMs = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      // Opening a relay releases it and reads it back.
      (await openRelay(relay, systemClock)).close();
      return relay;
    } catch (error) {
      if (systemClock.monotonicMs() > giveUpAtMs) throw error;
      await new Promise<void>((resolve) => systemClock.after(RETRY_MS, resolve));
    }
  }
}

async function configured(given: string | undefined): Promise<Config> {
  const [{ configFileOf }, { defaultConfig, readConfig }] = await Promise.all([
    import('./config-file.js'),
    import('./config.js'),
  ]);
  const file = configFileOf(given);
  return file === undefined ? defaultConfig() : readConfig(file);
}
