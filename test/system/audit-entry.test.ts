import { describe, expect, it } from 'vitest';
import type { DoorEvent } from '../../src/events.js';
import { auditEntry } from '../../src/system/audit-entry.js';

const stamp = { eventId: '0190-1', time: '2026-01-05T08:00:00.000Z' };
const deciders = { encoder: 'mobilefacenet-arcface', modelSha256: 'a'.repeat(64) };
const ada = { id: '0190-ada', name: 'Ada Lovelace' };
const comparison = { mode: 'recognition', threshold: 0.7, distance: 0.42, similarity: 0.9, track: 3 } as const;

describe('what the audit log keeps of an event', () => {
  it('is who, at what distance, by which model, and the decision', () => {
    expect(auditEntry({ ...stamp, type: 'granted', person: ada, ...comparison }, deciders)).toEqual({
      type: 'granted',
      eventId: '0190-1',
      person: '0190-ada',
      ...comparison,
      ...deciders,
    });
    const claimed = { ...ada, id: '0190-kian' };
    expect(auditEntry({ ...stamp, type: 'denied', reason: 'too_far', claimed, ...comparison }, deciders)).toMatchObject({
      reason: 'too_far',
      claimed: '0190-kian',
      modelSha256: deciders.modelSha256,
    });
  });

  it('holds no name, however people stand in it', () => {
    const events: DoorEvent[] = [
      { ...stamp, type: 'granted', person: ada, ...comparison },
      { ...stamp, type: 'denied', reason: 'outside_schedule', person: ada, claimed: ada, ...comparison },
      { ...stamp, type: 'unlocked', cause: 'face', person: ada },
      { ...stamp, type: 'enrolled', person: ada, templates: 2 },
      { ...stamp, type: 'enroll_again', people: [ada, ada], encoder: 'x' },
      { ...stamp, type: 'card_accepted', person: ada, card: '…3C4', reader: 'r' },
    ];
    for (const event of events) {
      const text = JSON.stringify(auditEntry(event, deciders));
      expect(text).toContain('0190-ada');
      expect(text).not.toContain('Lovelace');
    }
  });

  it('holds no image and no embedding, even if an event should ever carry one', () => {
    const event = {
      ...stamp,
      type: 'closed',
      durationMs: 5,
      snapshot: { jpeg: 'abc' },
      vector: new Float32Array(4),
      far: Infinity,
    };
    expect(auditEntry(event as unknown as DoorEvent, deciders)).toEqual({ type: 'closed', eventId: '0190-1', durationMs: 5 });
  });
});
