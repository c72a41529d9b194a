import { describe, expect, it } from 'vitest';
import { topicsOf } from '../../src/messages/topics.js';

describe('topicsOf', () => {
  const topics = topicsOf('front-door');

  it('names every topic under facelatch/<door>', () => {
    expect(topics.availability).toBe('facelatch/front-door/availability');
    expect(topics.state).toBe('facelatch/front-door/state');
    expect(topics.event).toBe('facelatch/front-door/event');
    expect(topics.snapshot).toBe('facelatch/front-door/snapshot');
    expect(topics.requests).toBe('facelatch/front-door/request/+');
    expect(topics.request('unlock')).toBe('facelatch/front-door/request/unlock');
    expect(topics.response('unlock')).toBe('facelatch/front-door/response/unlock');
  });

  it('finds the command in a request topic, and none in any other', () => {
    expect(topics.commandOf('facelatch/front-door/request/enroll-capture')).toBe('enroll-capture');
    for (const other of [
      'facelatch/front-door/request/',
      'facelatch/front-door/request/a/b',
      'facelatch/back-door/request/unlock',
      'facelatch/front-door/response/unlock',
      'unlock',
      '',
    ]) {
      expect(topics.commandOf(other), other).toBeUndefined();
    }
  });
});
