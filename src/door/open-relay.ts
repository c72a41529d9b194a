import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import type { OnoffParts } from './onoff-gpio.js';
import { openOnoffRelay } from './onoff-relay.js';
import type { Relay } from './relay.js';
import { SimulatedRelay } from './simulated-relay.js';

/**
 * The relay that the configuration names, released. Another adapter becomes a case here.
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND, RELAY_UNAVAILABLE
 */
export async function openRelay(config: Config['relay'], clock: Clock, onoff: OnoffParts = {}): Promise<Relay> {
  switch (config.adapter) {
    case 'simulated':
      return new SimulatedRelay(clock);
    case 'onoff':
      return openOnoffRelay(config, onoff);
  }
}
