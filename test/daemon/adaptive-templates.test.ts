import { describe, expect, it } from 'vitest';
import { AdaptiveTemplates, isRefreshment } from '../../src/daemon/adaptive-templates.js';
import type { Happening } from '../../src/events.js';
import type { AdaptiveRules } from '../../src/identity/adaptive.js';
import type { Person } from '../../src/identity/person.js';
import { FakeClock } from '../fakes/fake-clock.js';

const box = { left: 0, top: 0, width: 100, height: 100 };
const at = (degrees: number) => new Float32Array([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]);
const enrolled = { id: 't1', encoder: 'e', modelSha256: 'm', vector: at(0), quality: 1, createdAt: '', source: 'photo' } as const;
const ada: Person = { id: 'a', name: 'Ada', cards: [], createdAt: '', templates: [enrolled] };
const rules: AdaptiveRules = {
  ...{ maxDistance: 0.35, minQuality: 0.5, minLiveness: 0.9, everyDays: 7, nearDuplicateDistance: 0.1, rawThreshold: 1 },
};
const granted: Happening = {
  ...{ type: 'granted', person: { id: 'a', name: 'Ada' }, mode: 'recognition', threshold: 0.7, distance: 0.2 },
  ...{ liveness: 0.99, track: 1 },
};

function learner(faces: readonly { box: typeof box }[] = [{ box }]) {
  const changes: unknown[] = [];
  const warnings: unknown[] = [];
  const observation = { quality: { score: 0.9 }, embedding: { vector: at(15), encoder: 'e' } };
  const failing = { on: false };
  const adaptive = new AdaptiveTemplates({
    rules,
    people: {
      find: (id: string) => (id === 'a' ? ada : undefined),
      changeTemplates: (id: string, change: unknown) => {
        if (failing.on) return Promise.reject(new Error('the disk is full'));
        changes.push([id, change]);
        return Promise.resolve(ada);
      },
    },
    gallery: { nearest: () => undefined },
    vision: { encoder: { id: 'e', sha256: 'm' } },
    lookout: { newest: { frame: { capturedAtMs: 5 }, faces: faces.map((detection) => ({ detection, observation })) } },
    clock: new FakeClock(),
    log: { warn: (details: unknown) => warnings.push(details) },
  } as unknown as ConstructorParameters<typeof AdaptiveTemplates>[0]);
  return { adaptive, changes, warnings, failing };
}

describe('adaptive templates', () => {
  it('learn from the very face that was granted', async () => {
    const { adaptive, changes } = learner([{ box: { ...box } }, { box }]);
    adaptive.decided({ box, seenAtMs: 5 });
    adaptive.happened(granted);
    await adaptive.learning;
    expect(changes).toMatchObject([['a', { add: [{ source: 'adaptive', encoder: 'e', quality: 0.9 }], drop: [] }]]);
  });

  it('learn nothing from a denial, from a face that had left, or twice from one verdict', async () => {
    const { adaptive, changes } = learner();
    adaptive.decided({ box, seenAtMs: 5 });
    adaptive.happened({ type: 'denied', reason: 'unknown', mode: 'recognition', threshold: 0.7, track: 1 });
    adaptive.decided({ box, seenAtMs: 4 });
    adaptive.happened(granted);
    await adaptive.learning;
    expect(changes).toEqual([]);
    adaptive.decided({ box, seenAtMs: 5 });
    adaptive.happened(granted);
    adaptive.happened(granted);
    await adaptive.learning;
    expect(changes).toHaveLength(1);
  });

  it('never harm the door when they cannot be stored', async () => {
    const { adaptive, warnings, failing } = learner();
    failing.on = true;
    adaptive.decided({ box, seenAtMs: 5 });
    adaptive.happened(granted);
    await adaptive.learning;
    expect(warnings).toEqual([{ reason: 'the disk is full' }]);
  });

  it('are no reason to judge anew who stands before the door', () => {
    const renewed = { ...ada, templates: [enrolled, { ...enrolled, id: 't2', source: 'adaptive' as const }] };
    expect(isRefreshment({ before: ada, after: renewed })).toBe(true);
    expect(isRefreshment({ before: renewed, after: ada })).toBe(true);
    expect(isRefreshment({ before: ada, after: { ...ada, validUntil: '2026-01-01T00:00:00Z' } })).toBe(false);
    expect(isRefreshment({ before: ada, after: { ...ada, templates: [] } })).toBe(false);
    expect(isRefreshment({ after: ada })).toBe(false);
    expect(isRefreshment({ before: ada })).toBe(false);
  });
});
