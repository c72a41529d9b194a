import type { Worker } from 'node:worker_threads';
import tab from '@bomb.sh/tab/commander';
import { Command, CommanderError } from 'commander';
import { registerAudit } from './commands/audit.js';
import { registerCalibrate } from './commands/calibrate.js';
import { registerConfig } from './commands/config.js';
import { registerDoctor } from './commands/doctor.js';
import { registerEnroll } from './commands/enroll.js';
import { registerIdentify } from './commands/identify.js';
import { registerKeys } from './commands/keys.js';
import { registerPeople } from './commands/people.js';
import { registerPrecompile } from './commands/precompile.js';
import { registerRelease } from './commands/release.js';
import { createRun } from './commands/run-command.js';
import { registerRun } from './commands/run.js';
import { registerSend } from './commands/send.js';
import { registerTune } from './commands/tune.js';
import { adoptVisionThread, endVisionThreads } from './daemon/vision-thread.js';
import { FacelatchError } from './errors.js';
import { version } from './version.js';

/** A defect of facelatch itself (EX_SOFTWARE of sysexits.h). */
const DEFECT = 70;

// Wrong use is told before the options are known.
const wantsJson = process.argv.includes('--json');

const program = new Command('facelatch')
  .description('Knows a face and opens the lock.')
  .version(version())
  .option('-c, --config <file>', 'configuration (YAML); else $FACELATCH_CONFIG, ./facelatch.yaml, /etc/facelatch/facelatch.yaml')
  .option('--encoder <id>', 'use this encoder of the model manifest instead of the configured one')
  .option('--json', 'answer in JSON, one value a line')
  .showHelpAfterError(wantsJson ? false : '(facelatch --help shows every command)')
  .configureOutput({
    outputError: (text, write) =>
      write(wantsJson ? errorLine('WRONG_USE', text.trim().replace(/^error: /, '')) : text.replace(/^error: /, 'facelatch: ')),
  })
  .showSuggestionAfterError()
  .configureHelp({ showGlobalOptions: true })
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit status: 0 done or granted, 1 denied, 2 wrong use, 3 unusable input, 4 configuration, 5 people file, 6 models, 7 camera, door or broker.',
  );

const run = createRun(program, (status) => {
  process.exitCode = status;
});
for (const register of [
  registerRun,
  registerEnroll,
  registerPeople,
  registerIdentify,
  registerDoctor,
  registerAudit,
  registerConfig,
  registerKeys,
  registerSend,
  registerTune,
  registerCalibrate,
]) {
  register(program, run);
}
registerRelease(program);
registerPrecompile(program);
tab(program, { completionCommandName: 'completion' });
for (const command of program.commands) command.exitOverride();

/**
 * Does what the command line says, and ends the process.
 * @param visionThread already started, for a door
 */
export async function main(visionThread?: Worker): Promise<never> {
  if (visionThread) adoptVisionThread(visionThread);
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = explain(error);
  }
  await endVisionThreads();
  // Native libraries keep threads alive; everything was closed in order before.
  process.exit();
}

function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof FacelatchError) {
    process.stderr.write(wantsJson ? errorLine(error.code, error.message) : `facelatch: ${error.message}\n`);
    return error.exitStatus;
  }
  process.stderr.write(
    `facelatch: a defect, please report it: ${error instanceof Error ? String(error.stack) : String(error)}\n`,
  );
  return DEFECT;
}

function errorLine(code: string, message: string): string {
  return `${JSON.stringify({ error: { code, message } })}\n`;
}
