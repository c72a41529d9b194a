import { describe, expect, it } from 'vitest';
import { associate, type Track } from '../../src/access/tracks.js';

const limits = { minOverlap: 0.3, maxStepDistance: 0.6, rawThreshold: 1 };
const encoder = 'test-encoder';
const ada = { vector: Float32Array.of(1, 0), encoder };
const stranger = { vector: Float32Array.of(0, 1), encoder };
const box = (left: number) => ({ left, top: 0, width: 100, height: 120 });
const track: Track = { id: 1, box: box(0), embedding: ada, seenAtMs: 1_000 };

describe('following a face', () => {
  it('goes by overlap where there is no embedding, and by the embedding where there is one', () => {
    expect(associate([track], [{ box: box(10) }], limits, 1_100)).toEqual([track]);
    expect(associate([track], [{ box: box(90) }], limits, 1_100)).toEqual([undefined]);
    expect(associate([track], [{ box: box(90), embedding: ada }], limits, 1_100)).toEqual([track]);
    expect(associate([track], [{ box: box(0), embedding: stranger }], limits, 1_100)).toEqual([undefined]);
  });

  it('takes up a face again that was hidden behind another, as far away as somebody walks meanwhile', () => {
    const further = [{ box: box(350), embedding: ada }];
    expect(associate([track], further, limits, 1_100)).toEqual([undefined]);
    expect(associate([track], further, limits, 1_700)).toEqual([track]);
    expect(associate([track], [{ box: box(350), embedding: stranger }], limits, 1_700)).toEqual([undefined]);
    expect(associate([track], [{ box: box(350) }], limits, 1_700)).toEqual([undefined]);
  });

  it('gives each track to one face, the likest', () => {
    const both = [
      { box: box(60), embedding: ada },
      { box: box(5), embedding: ada },
    ];
    expect(associate([track], both, limits, 1_100)).toEqual([undefined, track]);
  });
});
