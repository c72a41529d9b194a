import { describe, expect, it } from 'vitest';
import type { Frame } from '../../src/camera/frame.js';
import { MotionGate } from '../../src/camera/motion-gate.js';
import { createRandom } from '../../scripts/training/random.js';
import { FakeClock } from '../fakes/fake-clock.js';

const WIDTH = 640;
const HEIGHT = 480;
/** The same noise at every run: where a threshold is crossed depends on it by a step or two. */
const noise = createRandom(1);

/** A wall with the noise of a cheap sensor, and somebody of 60 px in front of it who is `contrast` brighter. */
function frame({ contrast = 0, left = 300, top = 200, lamp = 0 } = {}): Frame {
  const rgb = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, () => 100 + lamp + (noise.next() - 0.5) * 24);
  for (let y = top; y < top + 60; y++) {
    for (let x = left; x < left + 60; x++) for (let k = 0; k < 3; k++) rgb[(y * WIDTH + x) * 3 + k] += contrast;
  }
  return { rgb, widthPx: WIDTH, heightPx: HEIGHT, capturedAtMs: 0, sequence: 1, source: 'test' };
}

function gate(settings = {}) {
  const clock = new FakeClock();
  return { clock, gate: new MotionGate({ enabled: true, minChange: 6, everyMs: 1_000, ...settings }, clock) };
}

describe('MotionGate', () => {
  it('passes over frames without change, and looks at one each second all the same', () => {
    const { clock, gate: it } = gate();
    let analysed = 0;
    for (let count = 0; count < 100; count++) {
      const next = frame();
      if (!it.isQuiet(next)) {
        analysed++;
        it.analysed(next, 0);
      }
      clock.advance(100);
    }
    expect(analysed).toBe(10);
  });

  it.each([
    ['somebody of 60 px, hardly brighter than the wall', { contrast: 20 }],
    ['somebody of 60 px in the corner', { contrast: 20, left: 0, top: 0 }],
    ['the light', { lamp: 10 }],
  ])('notices %s', (_, change) => {
    const { gate: it } = gate();
    it.analysed(frame(), 0);
    expect(it.isQuiet(frame())).toBe(true);
    expect(it.isQuiet(frame(change))).toBe(false);
  });

  it('looks at every frame while there is a face, however still', () => {
    const { gate: it } = gate();
    it.analysed(frame({ contrast: 40 }), 1);
    expect(it.isQuiet(frame({ contrast: 40 }))).toBe(false);
  });

  it('notices somebody who comes as slowly as the light of the morning', () => {
    const { gate: it } = gate({ everyMs: 10_000 });
    it.analysed(frame(), 0);
    const noticed = Array.from({ length: 20 }, (_, step) => it.isQuiet(frame({ contrast: step }))).indexOf(false);
    expect(noticed).toBeGreaterThanOrEqual(3);
    expect(noticed).toBeLessThan(10);
  });

  it('looks at everything where it is switched off, and at pictures of another size', () => {
    const off = gate({ enabled: false }).gate;
    off.analysed(frame(), 0);
    expect(off.isQuiet(frame())).toBe(false);
    const { gate: it } = gate();
    it.analysed(frame(), 0);
    const small = { ...frame(), widthPx: 20, heightPx: 10, rgb: new Uint8Array(600) };
    expect(it.isQuiet(small)).toBe(false);
  });
});
