import { expect, describe, it } from 'vitest';
import { serviceManager } from '../../src/system/service-manager.js';
import { Watchdog } from '../../src/system/watchdog.js';
import { FakeClock } from '../fakes/fake-clock.js';

const settled = () => new Promise((resolve) => setImmediate(resolve));

function supervised(env: NodeJS.ProcessEnv = {}) {
  const sent: string[][] = [];
  const warned: unknown[] = [];
  const state = { failing: false };
  const log = { warn: (...words: unknown[]) => void warned.push(words) } as never;
  const manager = serviceManager({ NOTIFY_SOCKET: '/run/systemd/notify', ...env }, log, (program, args) => {
    sent.push([program, ...args]);
    return state.failing ? Promise.reject(new Error('ENOENT')) : Promise.resolve();
  });
  return { manager, sent, warned, state };
}

describe('the service manager', () => {
  it('is told one message after the other', async () => {
    const { manager, sent } = supervised();
    manager.notify('READY=1', 'STATUS=watching');
    manager.notify('WATCHDOG=1');
    await settled();
    expect(sent).toEqual([
      ['systemd-notify', 'READY=1', 'STATUS=watching'],
      ['systemd-notify', 'WATCHDOG=1'],
    ]);
  });

  it('is not told where there is none', async () => {
    const sent: string[] = [];
    const manager = serviceManager({ WATCHDOG_USEC: '9000000' }, { warn: () => undefined }, (program) => {
      sent.push(program);
      return Promise.resolve();
    });
    manager.notify('READY=1');
    await settled();
    expect(sent).toEqual([]);
    expect(manager.watchdogMs).toBeUndefined();
  });

  it('that cannot be told is warned of once, until it can', async () => {
    const { manager, warned, state } = supervised();
    state.failing = true;
    manager.notify('WATCHDOG=1');
    manager.notify('WATCHDOG=1');
    await settled();
    expect(warned).toHaveLength(1);
    state.failing = false;
    manager.notify('WATCHDOG=1');
    await settled();
    state.failing = true;
    manager.notify('WATCHDOG=1');
    await settled();
    expect(warned).toHaveLength(2);
  });

  it.each([
    [{ WATCHDOG_USEC: '9000000' }, 9_000],
    [{ WATCHDOG_USEC: '9000000', WATCHDOG_PID: String(process.pid) }, 9_000],
    [{ WATCHDOG_USEC: '9000000', WATCHDOG_PID: '1' }, undefined],
    [{ WATCHDOG_USEC: '0' }, undefined],
    [{ WATCHDOG_USEC: 'soon' }, undefined],
    [{}, undefined],
  ])('of %j has a watchdog of %s ms', (env, expected) => {
    expect(supervised(env).manager.watchdogMs).toBe(expected);
  });
});

describe('the watchdog', () => {
  function watched() {
    const clock = new FakeClock();
    const fedAtMs: number[] = [];
    const told: (string | undefined)[] = [];
    const state: { reason: string | undefined } = { reason: undefined };
    const manager = { watchdogMs: 9_000, notify: () => void fedAtMs.push(clock.monotonicMs()) };
    const watchdog = new Watchdog({ manager, clock, unsound: () => state.reason, onChange: (reason) => told.push(reason) });
    return { clock, fedAtMs, told, state, watchdog };
  }

  it('is fed three times in its period, once however often it was started, and no more when stopped', () => {
    const { clock, fedAtMs, watchdog } = watched();
    watchdog.start();
    watchdog.start();
    clock.advance(9_000);
    expect(fedAtMs).toEqual([3_000, 6_000, 9_000]);
    watchdog.stop();
    watchdog.stop();
    clock.advance(60_000);
    expect(fedAtMs).toHaveLength(3);
  });

  it('starves while the daemon is unsound, which is told once, and is fed again after', () => {
    const { clock, fedAtMs, told, state, watchdog } = watched();
    watchdog.start();
    clock.advance(3_000);
    state.reason = 'no frame';
    clock.advance(6_000);
    expect(fedAtMs).toEqual([3_000]);
    expect(told).toEqual(['no frame']);
    state.reason = undefined;
    clock.advance(3_000);
    expect(fedAtMs).toEqual([3_000, 12_000]);
    expect(told).toEqual(['no frame', undefined]);
  });

  it('does nothing where there is none', () => {
    const clock = new FakeClock();
    const manager = { watchdogMs: undefined, notify: () => expect.unreachable() };
    new Watchdog({ manager, clock, unsound: () => undefined, onChange: () => undefined }).start();
    clock.advance(60_000);
  });
});
