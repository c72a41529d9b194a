import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import { adapterOf, type GpioParts } from './gpio-adapter.js';
import { openGpiochipRelay } from './gpiochip-relay.js';
import { openOnoffRelay } from './onoff-relay.js';
import type { Relay } from './relay.js';
import { SimulatedRelay } from './simulated-relay.js';

/**
 * The relay that the configuration names, released.
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND, RELAY_UNAVAILABLE
 */
export async function openRelay(config: Config['relay'], clock: Clock, parts: GpioParts = {}): Promise<Relay> {
  if (config.adapter === 'simulated') return new SimulatedRelay(clock);
  return adapterOf(config, parts) === 'gpiochip' ? openGpiochipRelay(config, parts) : openOnoffRelay(config, parts);
}
