import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const ZONES = '/sys/class/thermal';

/**
 * The temperature of the processor in degrees Celsius, from the kernel's thermal zones (its documentation:
 * driver-api/thermal/sysfs-api, millidegrees): the zone that is named after the processor, or else the hottest.
 *
 * @returns undefined where there is none, as in most virtual machines
 */
export async function readTemperature(folder = ZONES): Promise<number | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith('thermal_zone'));
  const zones = await Promise.all(names.map((name) => readZone(join(folder, name))));
  const found = zones.filter((zone) => zone !== undefined);
  const own = found.filter(({ type }) => /cpu|soc|pkg/i.test(type));
  const celsius = (own.length > 0 ? own : found).map((zone) => zone.celsius);
  return celsius.length > 0 ? Math.max(...celsius) : undefined;
}

async function readZone(folder: string): Promise<{ type: string; celsius: number } | undefined> {
  try {
    const [type, text] = await Promise.all(['type', 'temp'].map((file) => readFile(join(folder, file), 'utf8')));
    const celsius = Number(text) / 1_000;
    // A zone that is switched off reads as an error, or as far below zero.
    return text.trim() !== '' && celsius > -60 && celsius < 200 ? { type: type.trim(), celsius } : undefined;
  } catch {
    return undefined;
  }
}
