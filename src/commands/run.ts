import type { Command } from 'commander';
import { pino } from 'pino';
import { startDaemon } from '../daemon.js';
import type { Context } from './context.js';
import { eventLine } from './event-line.js';
import type { Run } from './run-command.js';

export function registerRun(program: Command, run: Run): void {
  program.command('run').description('watch the door until a signal ends it; one line for each event').action(run(watchDoor));
}

async function watchDoor(context: Context): Promise<number> {
  const { config, clock, json } = context;
  const log = pino(
    { level: process.env['FACELATCH_LOG'] ?? config.log.level, base: null },
    pino.destination({ fd: 2, sync: true }),
  );
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const daemon = await startDaemon({
    config,
    clock,
    log,
    onEvent: (event) => process.stdout.write(`${json ? JSON.stringify(event) : eventLine(event, colour)}\n`),
  });
  const end = (signal: NodeJS.Signals) => void daemon.stop(signal);
  process.once('SIGINT', end).once('SIGTERM', end);
  // Whatever ends the process, and however little of it still works: the relay is released.
  process.once('exit', () => daemon.releaseNow());
  process.once('uncaughtExceptionMonitor', () => daemon.releaseNow());
  if (!json) process.stdout.write(`${config.door.name}: watching; events on ${daemon.mqttUrl}\n`);
  log.info({ door: config.door.id, mqtt: daemon.mqttUrl }, 'ready');

  const { reason, failed } = await daemon.stopped;
  log.info({ reason }, 'stopped');
  return failed ? 7 : 0;
}
