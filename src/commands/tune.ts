import type { Command } from 'commander';
import { isTuned, tune } from '../inference/tuning/tune.js';
import { inferenceSettings, modelIdsOf } from '../vision.js';
import type { Context } from './context.js';
import { ownCommand } from './own-command.js';
import type { Run } from './run-command.js';

export function registerTune(program: Command, run: Run): void {
  program
    .command('tune')
    .description('measure which form of each model, and how many threads, are quickest on this machine, and keep that')
    .option('--if-needed', 'only where that was not done for these models on this machine')
    .action(run(tuneHere));
}

async function tuneHere(context: Context, { ifNeeded = false }: { ifNeeded?: boolean }): Promise<number> {
  const { config, json } = context;
  const settings = inferenceSettings(config);
  const { tunedFolder } = settings;
  const ids = modelIdsOf(config);
  if (ifNeeded && (await isTuned(ids, settings, tunedFolder))) {
    context.print({ tuned: true }, `${tunedFolder}: tuned for this machine and these models already`);
    return 0;
  }
  const record = await tune(ids, settings, tunedFolder, json ? undefined : (line) => process.stdout.write(`${line}\n`));
  context.print(record, `kept in ${tunedFolder}; the door uses it from its next start on`);
  return 0;
}

/** So long may tuning take at a start; then the door opens its eyes untuned. */
const PATIENCE_MS = 60_000;

/**
 * Before the daemon starts, where the configuration wishes it: in a process of its own, whose memory is given back, and whose
 * failure costs speed and nothing else.
 */
export async function tuneAtStart({ config, configFile, log }: Pick<Context, 'config' | 'configFile' | 'log'>): Promise<void> {
  const { tuneAtStart, encoder, executionProviders, requireProvider } = config.inference;
  if (!tuneAtStart || (requireProvider ?? executionProviders.at(0)) !== 'cpu') return;
  const settings = inferenceSettings(config);
  const { tunedFolder } = settings;
  if (await isTuned(modelIdsOf(config), settings, tunedFolder)) return;
  const options = [...(configFile === undefined ? [] : ['--config', configFile]), '--encoder', encoder];
  log.info({ tunedFolder }, 'first start on this machine: measuring the models');
  const { problem, said } = await ownCommand([...options, '--json', 'tune'], { patienceMs: PATIENCE_MS });
  if (problem !== undefined) log.warn({ problem, said }, 'the models could not be tuned and run as they were shipped');
}
