import type { Command } from 'commander';
import type { Run } from './run-command.js';

export function registerConfig(program: Command, run: Run): void {
  const config = program.command('config').description('the configuration file');
  config
    .command('check')
    .description('check the configuration and print it whole, defaults included; exit status 4 when it is wrong')
    .option('-q, --quiet', 'print nothing when it is right')
    .action(
      // eslint-disable-next-line @typescript-eslint/require-await -- opening the context has read and checked the file
      run(async (context, { quiet }: { quiet?: boolean }) => {
        const { config, configFile } = context;
        if (quiet) return 0;
        context.print(
          { file: configFile ?? null, config },
          `${configFile ?? 'no configuration file: the defaults'}: correct\n${JSON.stringify(config, null, 2)}`,
        );
        return 0;
      }),
    );
}
