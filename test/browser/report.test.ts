import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readPeopleFolder } from '../../src/identity/calibration/labelled-folder.js';
import { writeReport } from '../../scripts/training/report/report.js';
import { defaultModelsFolder } from '../../src/inference/manifest.js';
import { lfw, missing } from '../support/photographs.js';
import { look, missingBrowser, type Seen } from './chromium.js';

const encoder = 'mobilefacenet-arcface';

describe.skipIf(missingBrowser() || missing('a report on real faces', lfw))('the report in a browser', () => {
  let folder: string;
  let seen: Seen;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'facelatch-'));
    const { html } = await writeReport({
      photographs: await readPeopleFolder(lfw),
      folder: lfw,
      encoders: [encoder],
      modelsFolder: defaultModelsFolder(),
      out: folder,
      progress: { onUnusable: () => undefined, onProgress: () => undefined },
    });
    seen = await look(html, 1200, 4200);
    // To be looked at by whoever changes the report: FACELATCH_SCREENSHOT=report.png.
    if (process.env.FACELATCH_SCREENSHOT !== undefined) await writeFile(process.env.FACELATCH_SCREENSHOT, seen.screenshot);
  }, 240_000);
  afterAll(() => rm(folder, { recursive: true }));

  it('says nothing on the console', () => {
    expect(seen.console).toEqual([]);
  });

  it('has every plot, table and picture', () => {
    const labels = [...seen.dom.matchAll(/<svg[^>]* aria-label="([^"]*)"/g)].map(([, label]) => label);
    expect(labels).toHaveLength(2 + 2 + 2);
    expect(labels.filter((label) => label === encoder)).toHaveLength(2);
    // Verification, identification, and who is taken for a living person.
    expect(seen.dom.match(/<table/g)).toHaveLength(3);
    // Eight pairs of two pictures, nearest and farthest, for two ways of comparing.
    expect(seen.dom.match(/<img[^>]* src="data:image\/jpeg;base64,/g)).toHaveLength(8 * 2 * 2 * 2);
  });

  it('is drawn: the colours of both kinds of pairs and of the faces are on the screen', async () => {
    const { data, info } = await sharp(seen.screenshot).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const near = (at: number, colour: readonly number[]) => colour.every((value, i) => Math.abs(data[at + i] - value) < 6);
    const count = (colour: readonly number[]) => {
      let pixels = 0;
      for (let at = 0; at < data.length; at += 3) if (near(at, colour)) pixels++;
      return pixels;
    };
    expect(info.width).toBe(1200);
    expect(count([0x00, 0x9e, 0x73])).toBeGreaterThan(200);
    expect(count([0xd5, 0x5e, 0x00])).toBeGreaterThan(200);
    const { entropy } = await sharp(seen.screenshot).extract({ left: 0, top: 2600, width: 1200, height: 1500 }).stats();
    expect(entropy).toBeGreaterThan(2);
  });
});
