import { describe, expect, it } from 'vitest';
import { healthSchema } from '../../src/health-schema.js';
import { discoveryPayload, discoveryTopic } from '../../src/messages/home-assistant.js';
import { doorEventSchema, doorStateSchema } from '../../src/messages/schemas.js';
import { topicsOf } from '../../src/messages/topics.js';

type Component = Record<string, unknown> & { platform: string; unique_id: string };
interface Discovery {
  readonly device: { identifiers: string[]; name: string };
  readonly origin: { name: string };
  readonly availability: unknown;
  readonly components: Record<string, Component | undefined>;
}

const topics = topicsOf('front-door');
const discover = (snapshots = false) =>
  discoveryPayload({ doorId: 'front-door', doorName: 'Front door', version: '1.2.3', topics, snapshots }) as Discovery;

describe('the discovery of a door by Home Assistant', () => {
  it('is one device on one retained topic', () => {
    expect(discoveryTopic('front-door')).toBe('homeassistant/device/front-door/config');
    expect(discover()).toMatchObject({
      device: { identifiers: ['facelatch_front-door'], name: 'Front door', sw_version: '1.2.3' },
      origin: { name: 'facelatch' },
      availability: [{ topic: topics.availability, payload_available: 'online', payload_not_available: 'offline' }],
    });
    expect(JSON.parse(JSON.stringify(discover()))).toEqual(discover());
  });

  it('gives every component a platform, an id of its own and a topic of the door', () => {
    const components = Object.values(discover(true).components).filter((it) => it !== undefined);
    expect(new Set(components.map(({ unique_id }) => unique_id)).size).toBe(components.length);
    for (const { platform, unique_id, state_topic, image_topic } of components) {
      expect(['lock', 'binary_sensor', 'event', 'sensor', 'image']).toContain(platform);
      expect(unique_id).toMatch(/^facelatch_front-door_/);
      expect([topics.state, topics.event, topics.health, topics.snapshot]).toContain(state_topic ?? image_topic);
    }
  });

  it('has a lock that is neither optimistic nor retained, with the states of the door', () => {
    const { lock } = discover().components;
    expect(lock).toMatchObject({ command_topic: topics.homeAssistantLock, payload_lock: 'LOCK', payload_unlock: 'UNLOCK' });
    expect(lock).toMatchObject({ retain: false, optimistic: false });
    expect([lock?.['state_locked'], lock?.['state_unlocked'], lock?.['state_jammed']]).toEqual(
      doorStateSchema.shape.lock.options,
    );
  });

  it('reads only fields that the door sends', () => {
    const fields = new Set([
      ...Object.keys(doorStateSchema.shape),
      ...Object.keys(healthSchema.shape),
      ...doorEventSchema.options.flatMap((option) => Object.keys(option.shape)),
    ]);
    const health = Object.keys(doorStateSchema.shape.health.shape);
    for (const { value_template } of Object.values(discover().components).filter((it) => it !== undefined)) {
      const template = String(value_template);
      for (const [, field = '', inner] of template.matchAll(/value_json\.(\w+)(?:\.(\w+))?/g)) {
        expect(fields).toContain(field);
        if (field === 'health') expect(health).toContain(inner);
      }
    }
  });

  it('names only events that there are', () => {
    const types = doorEventSchema.options.map((option) => option.shape.type.value);
    expect(types).toEqual(expect.arrayContaining(discover().components['event']?.['event_types'] as string[]));
  });

  it('shows a picture only where pictures are published', () => {
    expect(discover(false).components).not.toHaveProperty('face');
    expect(discover(true).components['face']).toMatchObject({ platform: 'image', image_topic: topics.snapshot });
  });
});
