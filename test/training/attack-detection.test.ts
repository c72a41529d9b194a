import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readAttacksFolder } from '../../scripts/training/data/attacks-folder.js';
import { attackDetection, BONA_FIDE, type PresentedFace } from '../../scripts/training/evaluation/attack-detection.js';
import { doorSections } from '../../scripts/training/report/door.js';
import { element } from '../../scripts/training/report/markup.js';

const face = (species: string, score?: number): PresentedFace => ({
  species,
  name: species,
  ...(score !== undefined && { score }),
});

describe('the error rates of attack detection', () => {
  const detected = attackDetection(
    'photographs',
    [
      ...[0.9, 0.8, 0.4, 0.5].map((score) => face(BONA_FIDE, score)),
      face(BONA_FIDE),
      ...[0.1, 0.6].map((score) => face('print', score)),
      face('print'),
      face('mask', 0.2),
    ],
    0.5,
  );

  it('count each species of attack by itself, and report the worst', () => {
    expect(detected.apcer).toMatchObject([
      { species: 'mask', rate: { count: 0, of: 1 }, notScored: 0 },
      { species: 'print', rate: { count: 1, of: 3 }, notScored: 1 },
    ]);
    expect(detected.worstApcer).toMatchObject({ count: 1, of: 3 });
  });

  it('count living people who were scored too low, and beside them those who were not scored', () => {
    expect(detected.bpcer).toMatchObject({ count: 1, of: 4 });
    expect(detected.bonaFideNotScored).toMatchObject({ count: 1, of: 5 });
  });

  it('say nothing of attacks where there were none', () => {
    const none = attackDetection('photographs', [face(BONA_FIDE, 0.9)], 0.5);
    expect(none.apcer).toEqual([]);
    expect(none.worstApcer).toBeUndefined();
  });

  it('stand in the report with the counts behind them', () => {
    const { markup } = element(
      'div',
      {},
      doorSections({ encoder: 'e', framesOfStream: 15, attackDetection: [detected], streams: [] }),
    );
    expect(markup).toContain('1 of 3');
    expect(markup).toContain('1 of 4');
    expect(markup).toContain('ISO/IEC 30107-3');
  });
});

describe('a folder of attacks', () => {
  it('is read by the names of its pictures, and refused without any', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'facelatch-attacks-'));
    try {
      await expect(readAttacksFolder(folder)).rejects.toThrow(/expected pictures named live-/);
      for (const name of ['live-1.jpg', 'attack-phone-screen-2.png', 'attack-print.jpg', 'notes.txt', 'other.jpg']) {
        await writeFile(join(folder, name), '');
      }
      const found = await readAttacksFolder(folder);
      expect(found.map(({ species }) => species)).toEqual(['phone-screen', 'print', BONA_FIDE]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
