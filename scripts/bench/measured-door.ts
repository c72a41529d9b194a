import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DoorFolder } from './door-folder.js';

/** A frame that the door has decided. */
export interface Seen {
  readonly faces: number;
  /** Which one it was (frame-stamp.ts), where the frames are stamped. */
  readonly stamp: number;
  /** machineMs */
  readonly decidedAtMs: number;
  /** From its arrival at the door, whole and decoded. */
  readonly ownMs: number;
}

/** Since the figures before. */
export interface DoorFigures {
  readonly frames: number;
  readonly seen: readonly Seen[];
  /** Processor time of all threads; ffmpeg's is not in it. */
  readonly cpuMs: number;
  /** How late the event loop was. */
  readonly loop: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  readonly residentMegabytes: number;
  /** After a garbage collection, where that was asked for. */
  readonly heapMegabytes: number;
  readonly externalMegabytes: number;
}

/** What door-process.ts is asked. */
export interface Question {
  readonly collect: boolean;
}

export interface MeasuredDoor {
  readonly pid: number;
  figures(question?: Question): Promise<DoorFigures>;
  stop(): Promise<void>;
}

/**
 * Starts the door of a folder with instruments (door-process.ts).
 *
 * @param core everything of it, ffmpeg included, shares this core; any core unless given
 */
export async function startMeasuredDoor({ path }: DoorFolder, core?: number): Promise<MeasuredDoor> {
  const program = fileURLToPath(new URL('door-process.js', import.meta.url));
  // As the command's first line and the units set it.
  const env = { ...process.env, MALLOC_ARENA_MAX: '1' };
  const pinned = core === undefined ? {} : { execPath: 'taskset', execArgv: ['-c', String(core), process.execPath] };
  const door = fork(program, ['facelatch.yaml'], { cwd: path, env, ...pinned });
  // Not 'close': Node 20 never emits it after disconnect().
  const ended = once(door, 'exit');
  const answer = async (): Promise<unknown> => {
    const [message] = (await Promise.race([
      once(door, 'message'),
      ended.then(([status]) => Promise.reject(new Error(`the measured door ended with status ${String(status)}`))),
    ])) as [unknown];
    return message;
  };
  await answer();
  return {
    pid: door.pid ?? 0,
    async figures(question = { collect: false }) {
      door.send(question);
      return (await answer()) as DoorFigures;
    },
    async stop() {
      if (door.connected) door.disconnect();
      await ended;
    },
  };
}

/** The last core of this machine, where a program can be held to one. */
export function oneCore(cores: number): number | undefined {
  return spawnSync('taskset', ['-V']).status === 0 ? cores - 1 : undefined;
}
