import { describe, expect, it } from 'vitest';
import { defaultConfig, type Config } from '../src/config.js';
import type { Daemon } from '../src/daemon.js';
import { Reloadable } from '../src/reload.js';
import type { StopReason } from '../src/watch.js';
import { FakeClock } from './fakes/fake-clock.js';

const named = (id: string): Config => ({ ...defaultConfig(), door: { ...defaultConfig().door, id } });
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A daemon that does nothing but stop when told. */
class IdleDaemon implements Pick<Daemon, 'stopped' | 'stop' | 'unsound' | 'releaseNow'> {
  readonly stops: string[] = [];
  readonly stopped: Promise<StopReason>;
  readonly config: Config;
  releases = 0;
  end!: (reason: StopReason) => void;

  constructor(config: Config) {
    this.config = config;
    this.stopped = new Promise((resolve) => (this.end = resolve));
  }

  async stop(reason: string): Promise<void> {
    this.stops.push(reason);
    this.end({ reason, failed: false });
    await this.stopped;
  }

  unsound = () => 'as the daemon says';
  releaseNow = () => {
    this.releases++;
  };
}

function reloadable() {
  const clock = new FakeClock();
  const started: IdleDaemon[] = [];
  const errors: string[] = [];
  const plan = { next: named('b'), refuse: new Set<string>(), held: undefined as Promise<void> | undefined, ready: 0 };
  const door = new Reloadable(named('a'), {
    clock,
    async start(config) {
      await plan.held;
      if (plan.refuse.has(config.door.id)) throw new Error(`no ${config.door.id} today`);
      const daemon = new IdleDaemon(config);
      started.push(daemon);
      return daemon as unknown as Daemon;
    },
    readAgain() {
      if (plan.next.door.id === 'wrong') throw new Error('line 3: wrong');
      return plan.next;
    },
    onStarted: () => {
      plan.ready++;
    },
    log: { info: () => undefined, error: (details: { reason: string }) => void errors.push(details.reason) } as never,
  });
  return { door, started, errors, plan, clock, ids: () => started.map(({ config }) => config.door.id) };
}

describe('a daemon whose configuration is replaced', () => {
  it('is stopped and started anew under the other one', async () => {
    const { door, started, ids, plan } = reloadable();
    const run = door.run();
    await settled();
    expect(door.reload()).toBe(true);
    await settled();
    expect([ids(), started[0].stops, plan.ready]).toEqual([['a', 'b'], ['reload'], 2]);
    door.releaseNow();
    expect(started.map(({ releases }) => releases)).toEqual([0, 1]);
    door.stop('SIGTERM');
    expect(await run).toEqual({ reason: 'SIGTERM', failed: false });
  });

  it('stays as it is for a configuration that is unchanged or wrong', async () => {
    const { door, started, errors, plan } = reloadable();
    void door.run();
    await settled();
    plan.next = named('a');
    expect(door.reload()).toBe(false);
    plan.next = named('wrong');
    expect(door.reload()).toBe(false);
    await settled();
    expect(errors).toEqual(['line 3: wrong']);
    expect(started[0].stops).toEqual([]);
  });

  it('comes back under the one before when it does not start under the other', async () => {
    const { door, errors, ids, plan } = reloadable();
    void door.run();
    await settled();
    plan.refuse.add('b');
    door.reload();
    await settled();
    expect(ids()).toEqual(['a', 'a']);
    expect(errors).toEqual(['no b today']);
    plan.refuse.delete('b');
    door.reload();
    await settled();
    expect(ids()).toEqual(['a', 'a', 'b']);
  });

  it('fails when it starts under neither', async () => {
    const { door, plan } = reloadable();
    const run = door.run();
    await settled();
    plan.refuse.add('a').add('b');
    door.reload();
    await expect(run).rejects.toThrow('no a today');
  });

  it('takes the last of several that come while it is replaced', async () => {
    const { door, ids, plan } = reloadable();
    void door.run();
    await settled();
    let proceed!: () => void;
    plan.held = new Promise((resolve) => (proceed = resolve));
    door.reload();
    await settled();
    for (const id of ['c', 'd']) {
      plan.next = named(id);
      expect(door.reload()).toBe(true);
    }
    proceed();
    await settled();
    expect(ids()).toEqual(['a', 'b', 'd']);
  });

  it('ends with the daemon, and with a signal that comes while it is replaced', async () => {
    const first = reloadable();
    const ended = first.door.run();
    await settled();
    first.started[0].end({ reason: 'the camera has no more to show', failed: false });
    expect(await ended).toEqual({ reason: 'the camera has no more to show', failed: false });

    const { door, started, plan } = reloadable();
    const run = door.run();
    await settled();
    let proceed!: () => void;
    plan.held = new Promise((resolve) => (proceed = resolve));
    door.reload();
    await settled();
    door.stop('SIGTERM');
    proceed();
    expect(await run).toEqual({ reason: 'SIGTERM', failed: false });
    expect(started[1].stops).toEqual(['SIGTERM']);
  });

  it('is as sound as its daemon, and while it is replaced for a minute', async () => {
    const { door, plan, clock } = reloadable();
    void door.run();
    await settled();
    expect(door.unsound()).toBe('as the daemon says');
    plan.held = new Promise(() => undefined);
    door.reload();
    await settled();
    expect(door.unsound()).toBeUndefined();
    clock.advance(60_001);
    expect(door.unsound()).toMatch(/could not be replaced in time/);
  });
});
