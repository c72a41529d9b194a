import type { Config } from '../config.js';
import type { DoorEvent } from '../events.js';
import { keySourceOf } from '../identity/people-file/key.js';

/**
 * Whether what is printed may be kept where names must not be. The journal of systemd keeps it for months, also after somebody was
 * forgotten; and whoever encrypts the people file does not want its names in the clear beside it. Whoever asks for JSON and
 * reads it is a program, as on the broker.
 */
export function mustBeDiscreet(
  { people }: Pick<Config, 'people'>,
  { json, terminal, journal }: { readonly json: boolean; readonly terminal: boolean; readonly journal: boolean },
): boolean {
  return !terminal && (journal || (!json && keySourceOf(people) !== undefined));
}

/** The event with ids in the place of names; `facelatch people show <id>` tells who that is. */
export function withoutNames(event: DoorEvent): DoorEvent {
  const fields = Object.entries(event).map(([name, value]: [string, unknown]) => [
    name,
    Array.isArray(value) ? value.map(nameless) : nameless(value),
  ]);
  return Object.fromEntries(fields) as DoorEvent;
}

function nameless(value: unknown): unknown {
  const isPerson = typeof value === 'object' && value !== null && 'id' in value && 'name' in value;
  return isPerson ? { ...value, name: value.id } : value;
}
