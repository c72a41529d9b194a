import type { DoorEvent } from '../events.js';
import type { Topics } from './topics.js';

/** Where Home Assistant says that it has started; discovery is published again then, as it may have forgotten. */
export const HOME_ASSISTANT_STATUS = 'homeassistant/status';

export interface DiscoveryOptions {
  readonly doorId: string;
  readonly doorName: string;
  readonly version: string;
  readonly topics: Topics;
  /** Whether pictures are published. */
  readonly snapshots: boolean;
}

/** What an automation may wait for. */
const EVENT_TYPES = [
  'granted',
  'denied',
  'unlocked',
  'locked',
  'opened',
  'closed',
  'forced_open',
  'held_open',
  'exit_button',
  'tamper',
  'jammed',
  'lockout',
] as const satisfies readonly DoorEvent['type'][];

export function discoveryTopic(doorId: string): string {
  return `homeassistant/device/${doorId}/config`;
}

/**
 * The door as one device of Home Assistant (its single-device discovery format): a lock, a contact, what happened, the last
 * person and distance, health and, where configured, the last face. Everything reads the topics that everybody reads.
 */
export function discoveryPayload({ doorId, doorName, version, topics, snapshots }: DiscoveryOptions): object {
  const id = `facelatch_${doorId}`;
  const fromState = { state_topic: topics.state };
  const fromEvents = { state_topic: topics.event };
  const problem = (part: string) => ({
    platform: 'binary_sensor',
    unique_id: `${id}_${part}_problem`,
    name: `${part.charAt(0).toUpperCase()}${part.slice(1)} problem`,
    device_class: 'problem',
    entity_category: 'diagnostic',
    ...fromState,
    value_template: `{{ 'ON' if value_json.health.${part} == 'fault' else 'OFF' if value_json.health.${part} == 'ok' else 'None' }}`,
  });
  return {
    device: { identifiers: [id], name: doorName, manufacturer: 'facelatch', model: 'Face recognition lock', sw_version: version },
    origin: { name: 'facelatch', sw_version: version },
    availability: [{ topic: topics.availability, payload_available: 'online', payload_not_available: 'offline' }],
    qos: 1,
    components: {
      lock: {
        platform: 'lock',
        unique_id: `${id}_lock`,
        // The device's own name.
        name: null,
        ...fromState,
        value_template: '{{ value_json.lock }}',
        command_topic: topics.homeAssistantLock,
        payload_lock: 'LOCK',
        payload_unlock: 'UNLOCK',
        state_locked: 'LOCKED',
        state_unlocked: 'UNLOCKED',
        state_jammed: 'JAMMED',
        // A retained UNLOCK would open the door again at every start.
        retain: false,
        optimistic: false,
      },
      contact: {
        platform: 'binary_sensor',
        unique_id: `${id}_contact`,
        name: 'Contact',
        device_class: 'door',
        ...fromState,
        value_template: "{{ 'ON' if value_json.contact == 'open' else 'OFF' if value_json.contact == 'closed' else 'None' }}",
      },
      event: {
        platform: 'event',
        unique_id: `${id}_event`,
        name: 'Event',
        ...fromEvents,
        event_types: EVENT_TYPES,
        // An event entity wants `event_type`, and complains of types that it was not told of: those render to nothing.
        value_template: `{% if value_json.type in ${JSON.stringify(EVENT_TYPES)} %}{{ dict(value_json, event_type=value_json.type) | to_json }}{% endif %}`,
      },
      last_person: {
        platform: 'sensor',
        unique_id: `${id}_last_person`,
        name: 'Last person',
        icon: 'mdi:account-check',
        ...fromEvents,
        value_template: "{{ value_json.person.name if value_json.type == 'granted' else this.state }}",
      },
      distance: {
        platform: 'sensor',
        unique_id: `${id}_distance`,
        name: 'Last distance',
        state_class: 'measurement',
        suggested_display_precision: 2,
        ...fromEvents,
        value_template: '{{ value_json.distance if value_json.distance is defined else this.state }}',
      },
      people: {
        platform: 'sensor',
        unique_id: `${id}_people`,
        name: 'People enrolled',
        entity_category: 'diagnostic',
        ...fromState,
        value_template: '{{ value_json.people }}',
      },
      mode: {
        platform: 'sensor',
        unique_id: `${id}_mode`,
        name: 'Mode',
        device_class: 'enum',
        options: ['normal', 'lockdown', 'open'],
        ...fromState,
        value_template: '{{ value_json.mode }}',
      },
      temperature: {
        platform: 'sensor',
        unique_id: `${id}_temperature`,
        name: 'Temperature',
        device_class: 'temperature',
        unit_of_measurement: '°C',
        state_class: 'measurement',
        suggested_display_precision: 0,
        entity_category: 'diagnostic',
        // Many machines do not tell theirs.
        enabled_by_default: false,
        state_topic: topics.health,
        value_template: '{{ value_json.temperatureCelsius | default(None) }}',
      },
      camera_problem: problem('camera'),
      model_problem: problem('model'),
      relay_problem: problem('relay'),
      store_problem: problem('store'),
      ...(snapshots && {
        face: {
          platform: 'image',
          unique_id: `${id}_face`,
          name: 'Last face',
          image_topic: topics.snapshot,
          content_type: 'image/jpeg',
        },
      }),
    },
  };
}
