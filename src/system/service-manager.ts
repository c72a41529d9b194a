import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Logger } from 'pino';
import { reasonOf } from '../errors.js';

/** What the daemon tells whoever supervises it (sd_notify(3)); silence where nobody does. */
export interface ServiceManager {
  /** The service manager ends a process that is silent for so long; undefined where there is no watchdog. */
  readonly watchdogMs: number | undefined;
  /** Sends assignments such as READY=1 or STATUS=..., after those sent before. Never throws. */
  notify(...assignments: readonly string[]): void;
}

/** Runs a program; rejects when it cannot be run or ends with another status than 0. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<void>;

/** systemd answers within milliseconds; a program that hangs must not hold up what comes after it. */
const TIMEOUT_MS = 5_000;

/**
 * The service manager that the environment names (NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID).
 *
 * Node has no datagram sockets in the Unix domain, so systemd's own `systemd-notify` is run for each message: a few milliseconds,
 * every few seconds. The unit needs NotifyAccess=all for it.
 */
export function serviceManager(env: NodeJS.ProcessEnv, log: Pick<Logger, 'warn'>, run: RunProgram = runProgram): ServiceManager {
  if (env['NOTIFY_SOCKET'] === undefined) return { watchdogMs: undefined, notify: () => undefined };
  let last = Promise.resolve();
  let failing = false;
  return {
    watchdogMs: watchdogMs(env),
    notify(...assignments) {
      last = last
        .then(() => run('systemd-notify', assignments))
        .then(
          () => {
            failing = false;
          },
          (error: unknown) => {
            if (!failing) log.warn({ reason: reasonOf(error) }, 'the service manager could not be told');
            failing = true;
          },
        );
    },
  };
}

/** The watchdog is meant for one process; a child that inherited the environment has none (sd_watchdog_enabled(3)). */
function watchdogMs({ WATCHDOG_USEC: period, WATCHDOG_PID: pid }: NodeJS.ProcessEnv): number | undefined {
  if (pid !== undefined && pid !== String(process.pid)) return undefined;
  return period !== undefined && /^[1-9][0-9]*$/.test(period) ? Number(period) / 1000 : undefined;
}

const runProgram: RunProgram = async (program, args) => {
  await promisify(execFile)(program, args, { timeout: TIMEOUT_MS });
};
