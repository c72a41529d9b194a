import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { DoorEvent } from '../../src/events.js';
import { topicsOf } from '../../src/messages/topics.js';
import { root } from '../support/photographs.js';
import { doorState, granted, stamp } from './support.js';

const topics = topicsOf('front-door');
const own: string[] = [topics.event, topics.state, topics.availability];

interface Node {
  readonly id: string;
  readonly type: string;
  readonly topic?: string;
  readonly func?: string;
  readonly command?: string;
  readonly wires?: readonly (readonly string[])[];
}

describe('config/node-red/facelatch.json', () => {
  const flow = JSON.parse(readFileSync(join(root, 'config/node-red/facelatch.json'), 'utf8')) as Node[];

  it('is wired to nodes that exist, and listens to topics of a door', () => {
    const ids = new Set(flow.map(({ id }) => id));
    expect(ids.size).toBe(flow.length);
    for (const target of flow.flatMap(({ wires = [] }) => wires.flat())) expect(ids).toContain(target);
    const listened = flow.flatMap(({ type, topic }) => (type === 'mqtt in' ? [topic ?? ''] : []));
    expect(listened.sort()).toEqual([...own].sort());
  });

  const kept = new Map<string, unknown>();
  const memory = { get: (name: string) => kept.get(name), set: (name: string, value: unknown) => kept.set(name, value) };
  const run = (id: string, payload: unknown) => {
    const { func = '' } = flow.find((node) => node.id === id) ?? {};
    const source = `((msg) => { ${func}\n })(${JSON.stringify({ payload })})`;
    return runInNewContext(source, { flow: memory }) as { payload: unknown } | null;
  };

  it('lets an event pass once, and says in words who came', () => {
    const event = granted();
    expect(run('fl-once', event)).toMatchObject({ payload: { eventId: event.eventId } });
    expect(run('fl-once', event)).toBeNull();
    expect(run('fl-line', event)?.payload).toBe('Kian came in (distance 0.40)');
    const denied: DoorEvent = stamp({ type: 'denied', reason: 'unknown', mode: 'recognition', threshold: 0.7, track: 1 });
    expect(run('fl-line', denied)?.payload).toBe('somebody was denied: unknown');
  });

  it('raises what is urgent, and parts at fault', () => {
    expect(run('fl-urgent', stamp({ type: 'forced_open' }))?.payload).toBe('Front door: forced open');
    const spoof: DoorEvent = stamp({ type: 'denied', reason: 'spoof', mode: 'recognition', threshold: 0.7, track: 1 });
    expect(run('fl-urgent', spoof)?.payload).toBe('Front door: denied spoof');
    expect(run('fl-urgent', granted())).toBeNull();
    expect(run('fl-fault', doorState)).toBeNull();
    const faulty = { ...doorState, health: { ...doorState.health, camera: 'fault' } };
    expect(run('fl-fault', faulty)?.payload).toBe('Front door: camera at fault');
  });
});

describe('config/home-assistant/facelatch.yaml', () => {
  it('is YAML whose triggers listen to topics of a door', () => {
    const { automation } = parse(readFileSync(join(root, 'config/home-assistant/facelatch.yaml'), 'utf8')) as {
      automation: { id: string; triggers: { trigger: string; topic?: string }[]; actions: unknown[] }[];
    };
    expect(new Set(automation.map(({ id }) => id)).size).toBe(automation.length);
    for (const { triggers, actions } of automation) {
      expect(actions.length).toBeGreaterThan(0);
      for (const { trigger, topic } of triggers) if (trigger === 'mqtt') expect(own).toContain(topic);
    }
  });
});
