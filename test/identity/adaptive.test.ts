import { describe, expect, it } from 'vitest';
import { refreshment, type AdaptiveRules, type GrantedFace } from '../../src/identity/adaptive.js';
import type { Person, Template } from '../../src/identity/person.js';

const rules: AdaptiveRules = {
  ...{ maxDistance: 0.35, minQuality: 0.5, minLiveness: 0.9, everyDays: 7, nearDuplicateDistance: 0.1, rawThreshold: 1 },
};
const now = new Date('2026-06-15T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000).toISOString();

const at = (degrees: number) => new Float32Array([Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]);
const template = (id: string, degrees: number, more: Partial<Template> = {}): Template => ({
  ...{ id, encoder: 'e', modelSha256: 'm', vector: at(degrees), quality: 0.9, createdAt: daysAgo(100), source: 'photo' as const },
  ...more,
});
const person = (...templates: Template[]): Person => ({ id: 'a', name: 'Ada', cards: [], createdAt: daysAgo(100), templates });
const granted = (degrees: number, more: Partial<GrantedFace> = {}): GrantedFace => ({
  template: { encoder: 'e', modelSha256: 'm', vector: at(degrees), quality: 0.8 },
  liveness: 0.95,
  othersDistance: 1.2,
  ...more,
});

describe('a very sure grant', () => {
  const enrolled = person(template('1', 0), template('2', 90));

  it('adds one adaptive template, and later replaces it alone', () => {
    expect(refreshment(enrolled, granted(15), now, rules)).toEqual({
      add: [{ ...granted(15).template, source: 'adaptive' }],
      drop: [],
    });
    const renewed = person(...enrolled.templates, template('3', 12, { source: 'adaptive', createdAt: daysAgo(8) }));
    expect(refreshment(renewed, granted(15), now, rules)).toMatchObject({ drop: ['3'] });
  });

  it.each<[string, Partial<GrantedFace>]>([
    ['of low quality', { template: { ...granted(15).template, quality: 0.4 } }],
    ['of no known quality', { template: { ...granted(15).template, quality: NaN } }],
    ['that may not be alive', { liveness: 0.8 }],
    ['whose liveness nobody judged', { liveness: undefined }],
    ['that somebody else might have', { othersDistance: 0.69 }],
    ['of another encoder file', { template: { ...granted(15).template, modelSha256: 'other' } }],
    ['that is not that near', { template: granted(35).template }],
    ['that tells nothing new', { template: granted(2).template }],
  ])('%s changes nothing', (_what, more) => {
    expect(refreshment(enrolled, granted(15, more), now, rules)).toBeUndefined();
  });

  it('is measured against what was enrolled: small steps lead nowhere', () => {
    // 20 degrees from the adaptive template, 40 from the enrolled one.
    const renewed = person(template('1', 0), template('3', 20, { source: 'adaptive', createdAt: daysAgo(30) }));
    expect(refreshment(renewed, granted(40), now, rules)).toBeUndefined();
    expect(refreshment(person(), granted(0), now, rules)).toBeUndefined();
  });

  it('counts once in a while, and not because a clock jumped back', () => {
    const renewed = (createdAt: string) => person(template('1', 0), template('3', 12, { source: 'adaptive', createdAt }));
    expect(refreshment(renewed(daysAgo(6.9)), granted(15), now, rules)).toBeUndefined();
    expect(refreshment(renewed(daysAgo(-300)), granted(15), now, rules)).toBeUndefined();
    expect(refreshment(renewed(daysAgo(7)), granted(15), now, rules)).toBeDefined();
  });
});
