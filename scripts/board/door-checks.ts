import { setTimeout as sleep } from 'node:timers/promises';
import { resident, strangers } from '../demo/visitors.js';
import { SLOW_MS, type Board } from './board.js';
import { PULSE_MS } from './door-config.js';
import { seconds } from './progress.js';

/** Under emulation a timer is late by as much as an inference blocks; early only by as much as a look at the line is late. */
const TIMER_LATE_MS = 15_000;
const LOOK_LATE_MS = 1_000;
/** Longer than access.expireMs: who was seen before has left. */
const EMPTY_MS = 15_000;

/** The unit is active, as an unprivileged process without any capability, under its system call filter. */
export async function sandbox(board: Board): Promise<string> {
  const { agent } = board.machine;
  const pid = await board.mainPid();
  const status = await agent.must(`cat /proc/${pid}/status`);
  const of = (field: string) => new RegExp(`^${field}:\\s*(\\S+)`, 'm').exec(status)?.[1];
  const found = { CapEff: of('CapEff'), CapBnd: of('CapBnd'), NoNewPrivs: of('NoNewPrivs'), Seccomp: of('Seccomp') };
  const expected = { CapEff: '0000000000000000', CapBnd: '0000000000000000', NoNewPrivs: '1', Seccomp: '2' };
  if (JSON.stringify(found) !== JSON.stringify(expected)) {
    throw new Error(`expected the daemon with ${JSON.stringify(expected)}, received ${JSON.stringify(found)}`);
  }
  if (of('Uid') === '0') throw new Error('expected the daemon to be nobody special, it is root');
  const roots = await agent.must(`readlink /proc/1/ns/mnt /proc/${pid}/ns/mnt /proc/1/ns/user /proc/${pid}/ns/user`);
  const [hostMounts, itsMounts, hostUsers, itsUsers] = roots.split('\n');
  if (hostMounts === itsMounts || hostUsers === itsUsers) throw new Error('expected mounts and users of its own');
  const analysis = await agent.must('systemd-analyze security --no-pager facelatch');
  const exposure = /exposure level for facelatch\.service: ([\d.]+)/.exec(analysis)?.[1];
  if (exposure === undefined || Number(exposure) > 1.5)
    throw new Error(`expected an exposure of 1.5 at most, received ${exposure ?? analysis}`);
  return `active, user ${String(of('Uid'))}, no capability, system calls filtered, exposure ${exposure}`;
}

/** Somebody who is not enrolled comes: they are denied, and the line never rises. */
export async function stranger(board: Board): Promise<string> {
  await empty(board);
  const shownMs = performance.now();
  await board.camera.show(strangers[0]);
  const { event, atMs } = await board.door.until(['denied', 'granted'], shownMs, SLOW_MS);
  board.camera.showNobody();
  if (event.type !== 'denied') throw new Error(`expected a stranger to be denied, received ${event.type}`);
  // Were it to rise, it would within the age that a grant may have.
  await sleep(EMPTY_MS);
  if (board.line.isHigh || board.line.since(shownMs).length > 0) throw new Error('expected the line low throughout, it rose');
  const { distance } = event;
  return `denied after ${seconds(atMs - shownMs)}, distance ${distance?.toFixed(3) ?? 'unknown'}; the line stayed low`;
}

/** Somebody who is enrolled comes: the line rises, and falls at the end of the pulse. */
export async function face(board: Board): Promise<string> {
  await empty(board);
  const shownMs = performance.now();
  await board.camera.show(resident.atTheDoor);
  // A denial meanwhile is of whoever was there before: the emulated ffmpeg was seen to be two minutes behind.
  const { event } = await board.door.until(['granted'], shownMs, SLOW_MS);
  board.camera.showNobody();
  const rise = await board.line.until(true, shownMs, SLOW_MS);
  const fall = await board.line.until(false, rise.atMs, PULSE_MS + SLOW_MS);
  const pulseMs = fall.atMs - rise.atMs;
  if (pulseMs < PULSE_MS - LOOK_LATE_MS || pulseMs > PULSE_MS + TIMER_LATE_MS) {
    throw new Error(`expected a pulse of ${seconds(PULSE_MS)}, received one of ${seconds(pulseMs)}`);
  }
  if (board.line.since(shownMs).length !== 2) throw new Error('expected one pulse, received several');
  await board.door.until(['locked'], rise.atMs, SLOW_MS);
  const distance = event.type === 'granted' ? event.distance : undefined;
  return `distance ${distance?.toFixed(3) ?? 'unknown'}; the line rose ${seconds(rise.atMs - shownMs)} after the face came, for ${seconds(pulseMs)} (pulseMs ${PULSE_MS})`;
}

/** Nobody is before the door, and who was there is forgotten. */
async function empty({ camera }: Board): Promise<void> {
  camera.showNobody();
  await sleep(EMPTY_MS);
}
