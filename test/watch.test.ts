import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import type { Access } from '../src/access/access.js';
import type { Grant } from '../src/access/grant.js';
import { MotionGate } from '../src/camera/motion-gate.js';
import { Lookout } from '../src/daemon/lookout.js';
import type { Door, Outcome } from '../src/door/door.js';
import type { Happening } from '../src/events.js';
import type { Detection } from '../src/faces/face.js';
import { Follower } from '../src/follower.js';
import type { Observation, Vision } from '../src/vision.js';
import { watch } from '../src/watch.js';
import { FakeCamera } from './fakes/fake-camera.js';
import { FakeClock } from './fakes/fake-clock.js';

const face: Detection = { box: { left: 1, top: 1, width: 4, height: 4 }, score: 0.9 };
const person = { id: '0190', name: 'Ada' };

/** A way on which the models find what a test says, and count how often they are asked. */
function way() {
  const camera = new FakeCamera();
  const clock = new FakeClock();
  const lookout = new Lookout();
  const told: Happening[] = [];
  const found = { faces: [] as Detection[], failing: false, detections: 0, observations: 0 };
  const doing = { grants: [] as Grant[], outcome: { done: true } as Outcome, released: 0, judged: 0, analysed: 0 };
  const vision = {
    detect: () => {
      found.detections++;
      return found.failing ? Promise.reject(new Error('a model failed')) : Promise.resolve([...found.faces]);
    },
    observe: (_frame: unknown, detection: Detection) => {
      found.observations++;
      return Promise.resolve({ face: detection, quality: {} } as unknown as Observation);
    },
  } as unknown as Vision;
  const access = {
    isDecided: () => false,
    see: () => {
      doing.judged++;
      return doing.grants.splice(0);
    },
  } as unknown as Access;
  const door = { grant: () => doing.outcome, releaseNow: () => doing.released++ } as unknown as Door;
  const ended = watch(camera.frames(), {
    ...{ access, door, lookout, log: pino({ level: 'silent' }) },
    follower: new Follower(vision, { detectEvery: 1, rawThreshold: 0.7 }),
    gate: new MotionGate({ enabled: true, minChange: 6, everyMs: 1_000 }, clock),
    emit: (happening) => told.push(happening),
    onFrame: () => doing.analysed++,
  });
  const show = async (grey: number, times = 1) => {
    for (let count = 0; count < times; count++) {
      camera.push({ rgb: new Uint8Array(64 * 48 * 3).fill(grey), widthPx: 64, heightPx: 48 });
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(10);
    }
  };
  return { camera, lookout, told, found, doing, ended, show };
}

describe('watch', () => {
  it('asks no model about frames in which nothing changes, and all of them about one in which something does', async () => {
    const { found, doing, lookout, show } = way();
    await show(100, 50);
    expect(found.detections).toBe(1);
    // Quiet frames are frames: they feed the watchdog, and who asks what the camera sees now is told.
    expect(doing.analysed).toBe(50);
    expect(lookout.newest?.frame.sequence).toBe(50);

    found.faces = [face];
    await show(130);
    expect(found).toMatchObject({ detections: 2, observations: 1 });
    // Somebody who stands still is looked at all the same.
    await show(130, 5);
    expect(found).toMatchObject({ detections: 7, observations: 6 });
    found.faces = [];
    await show(130, 10);
    expect(found.detections).toBe(8);
  });

  it('says so when access grants but the door does not unlock', async () => {
    const { doing, told, show } = way();
    doing.grants = [{ cause: 'face', person, decidedAtMs: 0 } as Grant];
    doing.outcome = { done: false, refused: 'relay_fault' };
    await show(100);
    expect(told).toEqual([{ type: 'unlock_refused', reason: 'relay_fault', person }]);
  });

  it('releases the relay for each frame that fails, and ends after 20 in a row', async () => {
    const { found, doing, ended, show } = way();
    found.failing = true;
    await show(100, 19);
    found.failing = false;
    await show(100);
    found.failing = true;
    await show(200, 20);
    expect(await ended).toEqual({ reason: '20 frames in a row could not be analysed: a model failed', failed: true });
    expect(doing.released).toBe(39);
    expect(doing.judged).toBe(1);
  });
});
