import type { Command } from 'commander';
import { systemClock } from '../clock.js';
import { defaultConfig, parseConfig, readConfig, type Config } from '../config.js';
import { openRelay } from '../door/open-relay.js';
import { readRelayNote } from '../door/relay-note.js';
import { configFileOf, type GlobalOptions } from './context.js';

/** So long is a line waited for that the killed daemon's last process still holds. */
const PATIENCE_MS = 2_000;
const RETRY_MS = 50;

/**
 * Without a context: whatever else is wrong with the configuration, the relay that the daemon last drove is released.
 */
export function registerRelease(program: Command): void {
  program
    .command('release')
    .description('release the relay and read it back: for the service manager, after the daemon has gone')
    .action(async () => {
      const options = program.opts<GlobalOptions>();
      const relay = relayToRelease(process.env['RUNTIME_DIRECTORY'], configFileOf(options));
      await release(relay);
      const text = relay.adapter === 'simulated' ? 'the relay is simulated' : `the relay on line ${relay.line} is released`;
      process.stdout.write(options.json ? `${JSON.stringify({ released: true, relay: relay.adapter })}\n` : `${text}\n`);
    });
}

function relayToRelease(runtimeFolder: string | undefined, configFile: string | undefined): Config['relay'] {
  const note = runtimeFolder === undefined ? undefined : readRelayNote(runtimeFolder);
  if (note) return parseConfig(note.text, note.path).relay;
  return (configFile === undefined ? defaultConfig() : readConfig(configFile)).relay;
}

/** Opening a relay releases it and reads it back; it is tried until that has worked once. */
async function release(relay: Config['relay']): Promise<void> {
  const giveUpAtMs = systemClock.monotonicMs() + PATIENCE_MS;
  for (;;) {
    try {
      (await openRelay(relay, systemClock)).close();
      return;
    } catch (error) {
      if (systemClock.monotonicMs() > giveUpAtMs) throw error;
      await new Promise<void>((resolve) => systemClock.after(RETRY_MS, resolve));
    }
  }
}
