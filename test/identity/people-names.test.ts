import { describe, expect, it } from 'vitest';
import { claimName, nameKey, normaliseName } from '../../src/identity/person.js';

const coded = (code: string) => expect.objectContaining({ code }) as Error;

describe('the name of a person', () => {
  it('is trimmed and composed (NFC)', () => {
    expect(normaliseName('  Zoe\u0308 van Dijk ')).toBe('Zo\u00eb van Dijk');
  });

  it('may have 80 characters, counted as people count them, and not 81', () => {
    expect(normaliseName('😀'.repeat(80))).toHaveLength(160);
    expect(() => normaliseName('a'.repeat(81))).toThrow(coded('PERSON_NAME_INVALID'));
  });

  it.each([
    ['nothing', ''],
    ['only spaces', ' \u00a0 '],
    ['a line break', 'Ann\nLee'],
    ['a NUL', 'Ann\0'],
    ['an escape sequence', '\u001b[2JAnn'],
    ['a right-to-left override', 'Ann\u202Eeel'],
    ['a line separator', 'Ann\u2028Lee'],
    ['half a surrogate pair', 'Ann\ud800'],
    ['the form of an id', '0190d0b0-1234-7000-8000-0123456789ab'],
  ])('is refused with %s', (_what, name) => {
    expect(() => normaliseName(name)).toThrow(coded('PERSON_NAME_INVALID'));
  });

  it('may be written with joiners, as in Persian', () => {
    expect(normaliseName('نرگس‌خاتون')).toContain('\u200c');
  });

  it('belongs to one person, whatever its case or composition', () => {
    const bearerOf = (name: string) => (nameKey(name) === nameKey('Zoë Strauß') ? { id: 'a' } : undefined);
    expect(nameKey('ZOE\u0308 STRAUSS')).toBe(nameKey('Zoë Strauß'));
    expect(() => claimName('zoë strauss', bearerOf, 'b')).toThrow(coded('PERSON_NAME_TAKEN'));
    expect(claimName('ZOË STRAUSS', bearerOf, 'a')).toBe('ZOË STRAUSS');
    expect(claimName('Zoë', bearerOf, 'b')).toBe('Zoë');
  });
});
