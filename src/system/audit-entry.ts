import type { DoorEvent } from '../events.js';

/** The models that decided, by name and by hash. */
export interface Deciders {
  readonly encoder: string;
  readonly modelSha256: string;
}

export interface Entry {
  readonly type: string;
  readonly [field: string]: unknown;
}

/**
 * What the audit log keeps of an event: plain values only. People are their ids, never their names, so that the log stays
 * what it is when somebody is forgotten: who an id was is known only as long as the people file says so.
 */
export function auditEntry({ time: _time, ...event }: DoorEvent, { encoder, modelSha256 }: Deciders): Entry {
  const fields = Object.entries(event).flatMap(([name, value]: [string, unknown]) => {
    const kept = plain(value);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  const decided = event.type === 'granted' || event.type === 'denied';
  return { ...(Object.fromEntries(fields) as unknown as Entry), ...(decided && { encoder, modelSha256 }) };
}

/** A value as it is, a person as an id, several as several; whatever else there may be stays out. */
function plain(value: unknown): unknown {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (Array.isArray(value)) return value.map(plain).filter((kept) => kept !== undefined);
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') return value.id;
  return undefined;
}
