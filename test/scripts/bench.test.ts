import { describe, expect, it } from 'vitest';
import { decodePicture } from '../../src/camera/picture.js';
import { benchNames } from '../../scripts/bench/benches.js';
import { picture } from '../../scripts/bench/chart/picture.js';
import { readStamp, STAMPS, stampOverlays } from '../../scripts/bench/frame-stamp.js';
import { describeMachine } from '../../scripts/bench/machine.js';
import { jpegOf, VGA } from '../../scripts/bench/scenes.js';
import { median, quantile } from '../../scripts/bench/statistics.js';

describe('npm run bench', () => {
  it('takes benches in its own order and names those that there are', () => {
    expect(benchNames(['stream', 'frame', 'stream'])).toEqual(['frame', 'stream']);
    expect(() => benchNames(['fram'])).toThrow(/expected one of frame, faces, .*soak; received fram/);
  });

  it('knows a stamped frame again after a JPEG', async () => {
    for (const stamp of [0, 1, 21, STAMPS - 1]) {
      const jpeg = await jpegOf(VGA, await stampOverlays(stamp));
      const frame = await decodePicture(jpeg, 'test', { maxPixels: VGA.width * VGA.height });
      expect(readStamp(frame)).toBe(stamp);
    }
  });

  it('takes quantiles by the nearest rank', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(quantile(Array.from({ length: 100 }, (_, i) => i), 0.99)).toBe(99); // prettier-ignore
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('draws the figures that there are, and nothing from elsewhere', () => {
    const svg = picture({ peers: [{ name: 'somebody <else>', medianMs: 29.5, ratio: 1 }] }, describeMachine());
    expect(svg).toContain('somebody &#60;else&#62;');
    expect(svg).toContain('29.5 ms, 1.0x');
    expect(svg).not.toContain('Faces in a frame');
    expect(svg).not.toMatch(/href|url\(|@import/);
  });
});
