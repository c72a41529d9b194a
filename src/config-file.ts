import { existsSync } from 'node:fs';

/** Looked for in this order where neither --config nor FACELATCH_CONFIG names one. */
const usualPlaces = ['facelatch.yaml', '/etc/facelatch/facelatch.yaml'];

/** The configuration file to read; undefined where there is none. `given` is what --config names. */
export function configFileOf(given?: string): string | undefined {
  return given ?? process.env['FACELATCH_CONFIG'] ?? usualPlaces.find((place) => existsSync(place));
}
