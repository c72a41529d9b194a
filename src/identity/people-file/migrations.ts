/** A payload as JSON: about itself first, then one entry a person. */
export type RawPayload = readonly unknown[];

/**
 * `migrations[n]` turns a payload of schema version n into one of version n + 1. A version that was ever released keeps its
 * row for ever; anything that an older facelatch would not understand, a new optional field included, is a new version.
 */
export type Migrations = Readonly<Record<number, (payload: RawPayload) => RawPayload>>;

export const migrations: Migrations = {};

/** The version that is written. */
export const currentSchema = 1;

/** Forward only, one version at a time. */
export function migrate(payload: RawPayload, from: number, to: number, steps: Migrations): RawPayload {
  let migrated = payload;
  for (let version = from; version < to; version++) migrated = steps[version](migrated);
  return migrated;
}
