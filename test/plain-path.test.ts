import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { portrait, resident, strangers } from '../scripts/demo/visitors.js';
import { decodePicture } from '../src/camera/picture.js';
import { systemClock } from '../src/clock.js';
import { defaultConfig } from '../src/config.js';
import { largestFace, overlap, type Box, type Point } from '../src/faces/face.js';
import { lookAt } from '../src/follower.js';
import { dotProduct } from '../src/identity/distance.js';
import { inferenceSettings, openVision, type LocalVision } from '../src/vision.js';
import { openModel, type ModelSession } from '../src/inference/model-session.js';
import { lfw, lfwPeople, missing, samples } from './support/photographs.js';

/**
 * The way of a frame once more, as one would first write it: from docs/models.md and the model cards, one pixel at a time, in
 * doubles, nothing shared with src/faces and src/identity. What the hot path does quicker must come out the same.
 */
const config = { ...defaultConfig(), liveness: { ...defaultConfig().liveness, passive: false } };
const log = { info: () => undefined, warn: () => undefined };

interface Rgb {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
}

async function detect(picture: Rgb, session: ModelSession): Promise<Box> {
  const scale = Math.min(320 / picture.width, 240 / picture.height);
  const [width, height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  const whole = { left: 0, top: 0, width: picture.width, height: picture.height };
  const input = new Float32Array(3 * 320 * 240);
  for (let i = 0; i < 3 * width * height; i++) {
    const [channel, y, x] = [Math.floor(i / (width * height)), Math.floor((i % (width * height)) / width), i % width];
    input[channel * 320 * 240 + y * 320 + x] = (resized(picture, whole, width, height, x, y, channel) - 127) / 128;
  }
  const { scores, boxes } = await session.run(input);
  const found: { box: Box; score: number }[] = [];
  for (let i = 0; i < 4420; i++) {
    const [left, top, right, bottom] = boxes.subarray(4 * i, 4 * i + 4);
    const box = { left: (left * 320) / scale, top: (top * 240) / scale, width: 0, height: 0 };
    box.width = (right * 320) / scale - box.left;
    box.height = (bottom * 240) / scale - box.top;
    if (scores[2 * i + 1] > 0.65) found.push({ box, score: scores[2 * i + 1] });
  }
  const kept: Box[] = [];
  for (const { box } of found.sort((a, b) => b.score - a.score)) {
    if (kept.every((other) => overlap(box, other) <= 0.4)) kept.push(box);
  }
  return kept.sort((a, b) => b.width * b.height - a.width * a.height)[0];
}

/** A pixel between pixels; `edge` says what lies outside. */
function bilinear({ data, width, height }: Rgb, x: number, y: number, channel: number, edge: 'black' | 'repeated'): number {
  if (edge === 'black' && !(x >= 0 && y >= 0 && x <= width - 1 && y <= height - 1)) return 0;
  const [u, v] = [Math.max(0, Math.min(width - 1, x)), Math.max(0, Math.min(height - 1, y))];
  const [left, top] = [Math.floor(u), Math.floor(v)];
  const at = (column: number, row: number) =>
    data[(Math.min(row, height - 1) * width + Math.min(column, width - 1)) * 3 + channel];
  const upper = at(left, top) * (1 - u + left) + at(left + 1, top) * (u - left);
  const lower = at(left, top + 1) * (1 - u + left) + at(left + 1, top + 1) * (u - left);
  return upper * (1 - v + top) + lower * (v - top);
}

/** A pixel of a region that is resized: from half the size down the mean of its cell, above it what lies at its centre. */
function resized(picture: Rgb, region: Box, width: number, height: number, x: number, y: number, channel: number): number {
  const [across, down] = [region.width / width, region.height / height];
  const finer = across >= 2 && down >= 2 ? 2 * Math.round(across) : 1;
  let sum = 0;
  for (let sub = 0; sub < finer * finer; sub++) {
    const u = region.left + (x + ((sub % finer) + 0.5) / finer) * across - 0.5;
    const v = region.top + (y + (Math.floor(sub / finer) + 0.5) / finer) * down - 0.5;
    sum += bilinear(picture, u, v, channel, 'repeated');
  }
  return sum / finer ** 2;
}

async function landmarksOf(picture: Rgb, box: Box, session: ModelSession): Promise<Point[]> {
  const side = box.height;
  const square = { left: box.left + box.width / 2 - side / 2, top: box.top, width: side, height: side };
  const input = Float32Array.from({ length: 64 * 64 }, (_, i) => {
    const [r, g, b] = [0, 1, 2].map((channel) => resized(picture, square, 64, 64, i % 64, Math.floor(i / 64), channel));
    return (0.299 * r + 0.587 * g + 0.114 * b) / 256;
  });
  const { output } = await session.run(input);
  return Array.from({ length: 68 }, (_, i) => ({
    x: square.left + output[2 * i] * side,
    y: square.top + output[2 * i + 1] * side,
  }));
}

const TEMPLATE: readonly (readonly [readonly number[], number, number])[] = [
  [[37, 38, 40, 41], 38.2946, 51.6963],
  [[43, 44, 46, 47], 73.5318, 51.5014],
  [[30], 56.0252, 71.7366],
  [[48, 60], 41.5493, 92.3655],
  [[54, 64], 70.7299, 92.2041],
];

async function embed(picture: Rgb, landmarks: readonly Point[], session: ModelSession): Promise<Float32Array> {
  const five = TEMPLATE.map(([indices]) => ({
    x: indices.reduce((sum, i) => sum + landmarks[i].x, 0) / indices.length,
    y: indices.reduce((sum, i) => sum + landmarks[i].y, 0) / indices.length,
  }));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(five.map(({ x }) => x)), mean(five.map(({ y }) => y))];
  const [tx, ty] = [mean(TEMPLATE.map(([, x]) => x)), mean(TEMPLATE.map(([, , y]) => y))];
  // From the template to the picture, by least squares: (x, y) = (cx, cy) + [p -q; q p] (u, v).
  let [p, q, spread] = [0, 0, 0];
  five.forEach(({ x, y }, i) => {
    const [u, v] = [TEMPLATE[i][1] - tx, TEMPLATE[i][2] - ty];
    p += u * (x - mx) + v * (y - my);
    q += u * (y - my) - v * (x - mx);
    spread += (x - mx) ** 2 + (y - my) ** 2;
  });
  // The fit from the picture to the template has the scale r/spread; turned round it is spread/r.
  const norm = p * p + q * q;
  const [a, b] = [(p * spread) / norm, (q * spread) / norm];
  const finer = Math.min(4, Math.max(1, Math.round(Math.hypot(a, b) / 2)));
  const aligned = new Float32Array(3 * 112 * 112);
  for (let channel = 0; channel < 3; channel++) {
    for (let i = 0; i < 112 * 112; i++) {
      let value = 0;
      for (let sub = 0; sub < finer * finer; sub++) {
        const u = (i % 112) + ((sub % finer) + 0.5) / finer - 0.5 - tx;
        const v = Math.floor(i / 112) + (Math.floor(sub / finer) + 0.5) / finer - 0.5 - ty;
        value += bilinear(picture, mx + a * u - b * v, my + b * u + a * v, 2 - channel, 'black') / finer ** 2;
      }
      aligned[channel * 112 * 112 + i] = (value - 127) / 128;
    }
  }
  const [values] = Object.values(await session.run(aligned));
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}

describe('the hot path against a plain one', () => {
  let vision: LocalVision;
  let sessions: ModelSession[];

  beforeAll(async () => {
    vision = await openVision(config, systemClock, log);
    const settings = { ...inferenceSettings(config), tunedFolder: undefined };
    sessions = await Promise.all(vision.sessions.map(({ entry }) => openModel(entry.id, settings, log)));
  });
  afterAll(async () => {
    await vision.release();
    for (const session of sessions) await session.release();
  });

  async function cosine(bytes: Buffer): Promise<number> {
    const picture = await decodePicture(bytes, 'a photograph', { maxPixels: config.maxPicturePixels });
    const frame = { ...picture, capturedAtMs: 0, sequence: 1, source: 'a photograph' };
    const hot = (await lookAt(frame, vision)).map(({ observation }) => ({ ...observation.face, ...observation }));
    const { data, info } = await sharp(bytes).rotate().removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const plain = { data, width: info.width, height: info.height };
    const landmarks = await landmarksOf(plain, await detect(plain, sessions[0]), sessions[1]);
    return dotProduct(largestFace(hot)!.embedding!.vector, await embed(plain, landmarks, sessions[2]));
  }

  it('makes the same embeddings of portraits of several sizes', async () => {
    for (const sitter of [resident.enrolled, resident.atTheDoor, ...strangers]) {
      const whole = await portrait(samples, sitter);
      for (const height of [240, 480]) {
        const bytes = await sharp(whole).resize({ height }).jpeg({ quality: 92 }).toBuffer();
        expect(await cosine(bytes), `a portrait of ${height} pixels`).toBeGreaterThan(0.999);
      }
    }
  });

  it.skipIf(missing('10 people x 10 photographs (lfw-10x10)', lfw))('makes the same embeddings of lfw-10x10', async () => {
    const all = lfwPeople().flatMap(({ photographs }) => photographs.filter((_, i) => i % 3 === 0));
    const cosines: number[] = [];
    for (const path of all) cosines.push(await cosine(await sharp(path).toFormat('png').toBuffer()));
    expect(cosines.sort((a, b) => a - b)[0]).toBeGreaterThan(0.999);
  });
});
