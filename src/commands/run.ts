import type { Command } from 'commander';
import { pino } from 'pino';
import type { Config } from '../config.js';
import type { Daemon } from '../daemon.js';
import { openVisionThread } from '../daemon/vision-thread.js';
import { noteRelay } from '../door/relay-note.js';
import type { FacelatchError } from '../errors.js';
import { Reloadable } from '../reload.js';
import { serviceManager } from '../system/service-manager.js';
import { Watchdog } from '../system/watchdog.js';
import type { Vision } from '../vision.js';
import type { Context } from './context.js';
import { eventLine } from './event-line.js';
import { mustBeDiscreet, withoutNames } from './event-names.js';
import type { Run } from './run-command.js';
import { simulate, simulatedDoor } from './simulate.js';
import { tuneAtStart } from './tune.js';

export function registerRun(program: Command, run: Run): void {
  program
    .command('run')
    .description('watch the door until a signal ends it; one line for each event')
    .option('--simulate', 'relay, door inputs and card reader in memory, moved by lines on standard input ("help" lists them)')
    .action(run(watchDoor));
}

async function watchDoor(context: Context, options: { simulate?: boolean }): Promise<number> {
  const { clock, json } = context;
  const wired = (config: Config) => (options.simulate ? simulatedDoor(config) : config);
  const config = wired(context.config);
  const log = pino(
    { level: process.env['FACELATCH_LOG'] ?? config.log.level, base: null },
    pino.destination({ fd: 2, sync: true }),
  );
  await tuneAtStart({ config, configFile: context.configFile, log });
  // The models are loaded in their thread while this one reads, and builds, the rest of the daemon.
  let opening: Promise<Vision> | undefined = openVisionThread(config, log);
  opening.catch(() => undefined);
  const { startDaemon } = await import('../daemon.js');

  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const say = (text: string, error?: FacelatchError) => {
    const line = json && error ? JSON.stringify({ error: { code: error.code, message: error.message } }) : text;
    process.stderr.write(`${line}\n`);
  };
  // systemd says so to whom it gives its journal.
  const journal = process.env['JOURNAL_STREAM'] !== undefined;
  const manager = serviceManager(process.env, log);
  const runtimeFolder = process.env['RUNTIME_DIRECTORY'];

  const door = new Reloadable(config, {
    log,
    clock,
    readAgain: () => wired(context.readConfigAgain()),
    start(config) {
      const discreet = mustBeDiscreet(config, { json, terminal: process.stdout.isTTY, journal });
      if (runtimeFolder !== undefined) noteRelay(runtimeFolder, config.relay);
      return startDaemon({
        config,
        clock,
        log,
        openVision() {
          const opened = opening ?? openVisionThread(config, log);
          opening = undefined;
          return opened;
        },
        onEvent(event) {
          const told = discreet ? withoutNames(event) : event;
          process.stdout.write(`${json ? JSON.stringify(told) : eventLine(told, colour)}\n`);
        },
      });
    },
    onStarted,
  });
  const watchdog = new Watchdog({
    manager,
    clock,
    unsound: () => door.unsound(),
    onChange: (reason) => {
      if (reason === undefined) log.info('the watchdog is fed again');
      else log.error({ reason }, 'the watchdog is not fed');
      manager.notify(`STATUS=${reason ?? 'watching'}`);
    },
  });
  let current: Daemon | undefined;
  function onStarted(daemon: Daemon): void {
    const { mqttUrl } = daemon;
    if (options.simulate && !current) simulate(process.stdin, () => current ?? daemon, say);
    current = daemon;
    if (!json) process.stdout.write(`${config.door.name}: watching; events on ${mqttUrl}\n`);
    log.info({ door: config.door.id, mqtt: mqttUrl }, 'ready');
    manager.notify('READY=1', `STATUS=watching; events on ${mqttUrl}`);
    watchdog.start();
  }

  const end = (signal: NodeJS.Signals) => door.stop(signal);
  process.once('SIGINT', end).once('SIGTERM', end).once('SIGQUIT', end);
  // Of a terminal that was closed; a daemon without one is told to read its configuration again.
  if (process.stdin.isTTY) process.once('SIGHUP', end);
  else {
    process.on('SIGHUP', () => {
      manager.notify('RELOADING=1', 'STATUS=reading the configuration again');
      if (!door.reload()) manager.notify('READY=1', 'STATUS=watching');
    });
  }
  // Who reads along may leave: the door goes on. Every further line is an error again.
  process.stdout.once('error', ({ message }) => log.warn({ reason: message }, 'nobody reads the events any more'));
  process.stdout.on('error', () => undefined);
  // Whatever ends the process, and however little of it still works: the relay is released.
  process.once('exit', () => door.releaseNow());
  process.once('uncaughtExceptionMonitor', () => door.releaseNow());

  const { reason, failed } = await door.run();
  watchdog.stop();
  log.info({ reason }, 'stopped');
  return failed ? 7 : 0;
}
