/**
 * The people of the crash tests: whatever a process says of them, the name alone tells what their template must be.
 */
import { createHash } from 'node:crypto';
import type { NewTemplate } from '../../src/identity/people.js';

const DIMENSIONS = 128;

/** 0..1, the same sequence for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function templateOf(name: string): NewTemplate {
  const random = randomFrom(createHash('sha256').update(name).digest().readInt32LE());
  const raw = Array.from({ length: DIMENSIONS }, () => random() - 0.5);
  const norm = Math.hypot(...raw);
  return {
    encoder: 'crash-test',
    modelSha256: '00'.repeat(32),
    vector: Float32Array.from(raw, (value) => value / norm),
    quality: 0.5,
    source: 'photo',
  };
}
