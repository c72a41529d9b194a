import { SLOW_MS, type Board } from './board.js';
import { PULSE_MS, WATCHDOG_SECONDS, type Adapter } from './door-config.js';
import { seconds } from './progress.js';

/**
 * How long a start of Node takes on the board as it is now: what docs/door.md counts a release by systemd in. Asked before and after,
 * because the emulator is as quick as what else the machine does lets it be.
 */
export async function nodeStartMs({ machine }: Board): Promise<number> {
  const uptimes = await machine.agent.must('cat /proc/uptime; /usr/lib/facelatch/bin/node -e 0; cat /proc/uptime');
  const [before, after] = uptimes.split('\n').map((line) => Number(line.split(' ')[0]) * 1_000);
  return after - before;
}

/** What ExecStopPost does takes a few starts of Node: systemd's own steps, and the modules that are loaded. */
const STARTS = 6;

/** So soon must the line be low when the daemon was killed, as docs/door.md says. */
function limitMs(adapter: Adapter, nodeMs: number): number {
  // gpiochip: its holder writes the released level; that is a scheduling of Perl, and no start of anything.
  return adapter === 'gpiochip' ? Math.max(1_000, nodeMs) : STARTS * nodeMs;
}

/** SIGKILL to the daemon in mid-pulse. */
export async function killed(board: Board, adapter: Adapter): Promise<string> {
  const before = await nodeStartMs(board);
  const atMs = await signal(board, 'KILL');
  const lowMs = await lowAfter(board, atMs);
  const readyMs = await board.untilReady(atMs);
  const nodeMs = Math.max(before, await nodeStartMs(board));
  mustBeWithin(lowMs, limitMs(adapter, nodeMs));
  return `low ${seconds(lowMs)} after the kill (a start of Node takes ${seconds(nodeMs)} there); ready again after ${seconds(readyMs)}`;
}

/** SIGSTOP to the daemon in mid-pulse: nothing moves until the watchdog has had enough. */
export async function stopped(board: Board, adapter: Adapter): Promise<string> {
  const before = await nodeStartMs(board);
  const atMs = await signal(board, 'STOP');
  const lowMs = await lowAfter(board, atMs);
  const readyMs = await board.untilReady(atMs);
  const nodeMs = Math.max(before, await nodeStartMs(board));
  mustBeWithin(lowMs, WATCHDOG_SECONDS * 1_000 + limitMs(adapter, nodeMs));
  return `low ${seconds(lowMs)} after SIGSTOP (WatchdogSec=${WATCHDOG_SECONDS}); ready again after ${seconds(readyMs)}`;
}

/** The kernel restarts the board in mid-pulse: its pins are reset. */
export async function rebooted(board: Board): Promise<string> {
  const { agent } = board.machine;
  const before = await agent.must('cat /proc/sys/kernel/random/boot_id');
  await unlocked(board);
  const atMs = performance.now();
  await agent.start('reboot -f');
  const lowMs = await lowAfter(board, atMs);
  board.door.listenAgain();
  await board.untilBooted();
  const readyMs = await board.untilReady(atMs);
  if ((await agent.must('cat /proc/sys/kernel/random/boot_id')) === before)
    throw new Error('expected the board to have started anew');
  mustBeWithin(lowMs, PULSE_MS / 2);
  return `low ${seconds(lowMs)} after the order; ready by itself after ${seconds(readyMs)}`;
}

/** Signals the daemon's main process in the middle of a pulse. @returns when, at the latest, it had not been signalled yet */
async function signal(board: Board, name: string): Promise<number> {
  const pid = await board.mainPid();
  await unlocked(board);
  const atMs = performance.now();
  await board.machine.agent.start(`kill -${name} ${pid}`);
  return atMs;
}

/** A pulse has begun. */
async function unlocked(board: Board): Promise<void> {
  const sentMs = performance.now();
  await Promise.all([board.door.send('unlock'), board.line.until(true, sentMs, SLOW_MS)]);
  if (!board.line.isHigh) throw new Error('expected the line high when the unlock was answered: the pulse was over');
}

async function lowAfter(board: Board, atMs: number): Promise<number> {
  const { atMs: lowAtMs } = await board.line.until(false, atMs, SLOW_MS);
  return lowAtMs - atMs;
}

/** Said when the door is ready again, so that the next check finds it so. */
function mustBeWithin(lowMs: number, withinMs: number): void {
  if (lowMs > withinMs) throw new Error(`expected the line low within ${seconds(withinMs)}, it was after ${seconds(lowMs)}`);
}
