import type { Command } from 'commander';
import { releaseRelay } from '../release.js';
import type { GlobalOptions } from './context.js';

/** Without a context: whatever else is wrong with the configuration, the relay is released. */
export function registerRelease(program: Command): void {
  program
    .command('release')
    .description('release the relay and read it back: for the service manager, after the daemon has gone')
    .action(async () => {
      const options = program.opts<GlobalOptions>();
      const relay = await releaseRelay(options.config);
      const text = relay.adapter === 'simulated' ? 'the relay is simulated' : `the relay on line ${relay.line} is released`;
      process.stdout.write(options.json ? `${JSON.stringify({ released: true, relay: relay.adapter })}\n` : `${text}\n`);
    });
}
