/**
 * Kills a daemon and command lines with SIGKILL at random moments while they enroll and remove people in one file, and
 * checks after each kill that the file opens without a fault and holds every acknowledged change.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../src/clock.js';
import { openPeople } from '../../src/identity/people.js';
import type { Said } from './worker.js';
import { randomFrom, templateOf } from './workload.js';

export interface KillOptions {
  /** The compiled scripts/crash/worker.ts. */
  readonly worker: string;
  /** A folder of its own. */
  readonly file: string;
  readonly kills: number;
  readonly seed: number;
  /** Encrypts the file. */
  readonly passphrase?: string;
  readonly onProgress?: (kills: number) => void;
}

export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Changes that were under way when their process was killed, and of those the ones found done. */
  readonly interrupted: number;
  readonly interruptedDone: number;
  /** Not made because the lock could not be had in time: honest, on a machine that is far too busy. */
  readonly refused: number;
}

/** More refusals than this share of what was acknowledged are no matter of a busy machine. */
const MOST_REFUSED = 0.05;

interface Worker {
  readonly ready: Promise<unknown>;
  pause(): Promise<void>;
  resume(): void;
  /** Resolves when all that it said has been read. */
  kill(): Promise<void>;
}

/** What must be in the file. `unsure`: asked for and not acknowledged. */
type Expected = Map<string, 'present' | 'absent' | 'unsure'>;

/** @throws Error at the first change that was lost or invented, and at every fault and refusal */
export async function killWorkers({ worker, file, kills, seed, passphrase, onProgress }: KillOptions): Promise<KillReport> {
  const random = randomFrom(seed);
  const expected: Expected = new Map();
  const counts = { kills: 0, acknowledged: 0, interrupted: 0, interruptedDone: 0, refused: 0 };
  const problems: string[] = [];
  const key = passphrase === undefined ? {} : { key: { passphrase } };
  const options = { file, clock: systemClock, ...key, onFault: (reason: string) => problems.push(reason) };
  let started = 0;

  await (await openPeople({ ...options, create: true })).close();

  function listen(said: Said): void {
    if (said.say === 'try') expected.set(said.name, 'unsure');
    else if (said.say === 'done') {
      counts.acknowledged++;
      expected.set(said.name, said.what === 'add' ? 'present' : 'absent');
    } else if (said.say === 'failed' && said.code === 'PEOPLE_FILE_LOCKED') counts.refused++;
    else if (said.say === 'failed') problems.push(`${said.name}: ${said.code} ${said.reason}`);
    else if (said.say === 'fault') problems.push(said.reason);
  }

  function start(role: 'daemon' | 'visitor', prefix: string): Worker {
    const args = [worker, role, file, prefix, String(seed + ++started), ...(passphrase === undefined ? [] : [passphrase])];
    return startWorker(args, listen);
  }

  async function verify(): Promise<void> {
    const people = await openPeople({ ...options, create: false });
    const names = new Set(people.all().map(({ name }) => name));
    for (const { name, templates } of people.all()) {
      if (!expected.has(name)) problems.push(`${name} is in the file and nobody enrolled them`);
      if (!Buffer.from(templates[0].vector.buffer).equals(Buffer.from(templateOf(name).vector.buffer))) {
        problems.push(`the template of ${name} is not the one that was enrolled`);
      }
    }
    for (const [name, state] of expected) {
      if (state === 'unsure') {
        counts.interrupted++;
        if (names.has(name)) counts.interruptedDone++;
        expected.set(name, names.has(name) ? 'present' : 'absent');
      } else if (names.has(name) !== (state === 'present')) {
        problems.push(`${name} should be ${state} after an acknowledged change`);
      } else if (state === 'absent') expected.delete(name);
    }
    await people.close();
    if (problems.length > 0) throw new Error(`after ${counts.kills} kills (seed ${seed}): ${problems.join('; ')}`);
  }

  const visitors = ['v0', 'v1'].map((prefix) => ({ prefix, worker: start('visitor', prefix) }));
  let daemon: Worker | undefined;
  try {
    while (counts.kills < kills) {
      daemon = start('daemon', 'd');
      // Now and then while it is still starting, else in the middle of the work.
      if (random() < 0.8) await daemon.ready;
      await sleep(random() * 150);
      await daemon.kill();
      counts.kills++;
      // The command lines go on without it for a while, each taking the lock for itself.
      await sleep(random() * 50);
      const victim = visitors[Math.floor(random() * visitors.length)];
      if (counts.kills < kills && random() < 0.4) {
        await victim.worker.kill();
        counts.kills++;
        victim.worker = start('visitor', victim.prefix);
      }
      await Promise.all(visitors.map((visitor) => visitor.worker.pause()));
      await verify();
      visitors.forEach((visitor) => visitor.worker.resume());
      onProgress?.(counts.kills);
    }
    if (counts.refused > 1 + counts.acknowledged * MOST_REFUSED) {
      throw new Error(`${counts.refused} changes were refused for want of the lock, ${counts.acknowledged} made (seed ${seed})`);
    }
  } finally {
    await Promise.all([daemon?.kill(), ...visitors.map((visitor) => visitor.worker.kill())]);
  }
  return counts;
}

function startWorker(args: readonly string[], listen: (said: Said) => void): Worker {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: { say: Said['say']; resolve: () => void }[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const said = JSON.parse(line) as Said;
    listen(said);
    for (const entry of waiting.filter(({ say }) => say === said.say)) entry.resolve();
  });
  child.stdin.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => lines.once('close', resolve));
  const heard = (say: Said['say']) => Promise.race([closed, new Promise<void>((resolve) => waiting.push({ say, resolve }))]);
  const ready = heard('ready');
  return {
    ready,
    async pause() {
      await ready;
      const paused = heard('paused');
      child.stdin.write('pause\n');
      await paused;
    },
    resume: () => child.stdin.write('resume\n'),
    async kill() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
