import { describe, expect, it } from 'vitest';
import { evaluateDoor } from '../../scripts/streams/evaluate.js';
import { defaultConfig } from '../../src/config.js';
import { lfw, lfwPeople, missing } from '../support/photographs.js';

describe.skipIf(missing('10 people x 10 photographs (lfw-10x10)', lfw))('photographs as streams of 15 frames', () => {
  // Every fourth photograph of each person; `npm run evaluate -- --streams` plays all hundred (docs/liveness.md has the figures).
  const photographs = lfwPeople().flatMap(({ name, photographs: all }) =>
    all.filter((_, i) => i % 4 === 0).map((path) => ({ person: name, path })),
  );

  it('of enrolled people are let in as themselves, and strangers never, with and without liveness', async () => {
    const { streams = [] } = await evaluateDoor({
      config: defaultConfig(),
      photographs,
      attacks: [],
      streams: true,
      templates: [1],
      onProgress: () => undefined,
    });
    expect(streams.map(({ liveness }) => liveness)).toEqual([false, true]);
    for (const { granted, misnamed, impostorsGranted } of streams) {
      expect(granted.of).toBe(20);
      expect(granted.rate).toBeGreaterThanOrEqual(0.97);
      expect(misnamed.count).toBe(0);
      expect(impostorsGranted).toMatchObject({ count: 0, of: 30 });
    }
  });
});
