import { describe, expect, it } from 'vitest';
import { doorEventSchema, doorStateSchema } from '../../src/messages/schemas.js';
import { doorState, granted, stamp } from './support.js';

describe('the schemas of what the door says', () => {
  it('accept a state with and without a nonce', () => {
    expect(doorStateSchema.parse(doorState)).toEqual(doorState);
    const nonce = Buffer.alloc(16, 7).toString('base64url');
    expect(doorStateSchema.parse({ ...doorState, nonce })).toEqual({ ...doorState, nonce });
  });

  it('accept events and keep every field', () => {
    for (const event of [
      granted(),
      stamp({ type: 'denied', reason: 'unknown', mode: 'recognition', threshold: 0.7, track: 3 }),
      stamp({ type: 'dropped', count: 3, from: '2026-01-05T08:00:00.000Z', to: '2026-01-05T09:00:00.000Z' }),
      stamp({ type: 'opened' }),
    ]) {
      expect(doorEventSchema.parse(event)).toEqual(event);
    }
  });

  it('refuse what is not so', () => {
    expect(doorStateSchema.safeParse({ ...doorState, lock: 'OPEN' }).success).toBe(false);
    expect(doorStateSchema.safeParse({ ...doorState, embedding: [1, 2] }).success).toBe(false);
    expect(doorStateSchema.safeParse({ ...doorState, nonce: 'short' }).success).toBe(false);
    expect(doorEventSchema.safeParse({ ...granted(), distance: undefined }).success).toBe(false);
    expect(doorEventSchema.safeParse({ ...granted(), eventId: 'one' }).success).toBe(false);
    expect(doorEventSchema.safeParse({ ...granted(), time: 'yesterday' }).success).toBe(false);
    expect(doorEventSchema.safeParse(stamp({ type: 'denied', reason: 'bored' } as never)).success).toBe(false);
  });
});
