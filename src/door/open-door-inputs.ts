import type { Clock } from '../clock.js';
import type { Config } from '../config-schema.js';
import { DebouncedInput, type DoorInputLine, type DoorInputs } from './door-input.js';
import { adapterOf, type GpioParts } from './gpio-adapter.js';
import { openGpiochipInput } from './gpiochip-input.js';
import { openOnoffInput } from './onoff-input.js';
import { SimulatedInput } from './simulated-input.js';

const NAMES = ['contact', 'exitButton', 'tamper'] as const;

/** The hands on the simulated inputs: whoever holds them opens the door, presses the button, tampers. */
export type SimulatedInputs = Readonly<Record<(typeof NAMES)[number], SimulatedInput>>;

export function createSimulatedInputs(): SimulatedInputs {
  return { contact: new SimulatedInput(), exitButton: new SimulatedInput(), tamper: new SimulatedInput() };
}

interface Parts {
  readonly clock: Clock;
  readonly simulated: SimulatedInputs;
  readonly gpio?: GpioParts;
}

/**
 * The inputs that the configuration names. The door that starts them closes them.
 *
 * @throws FacelatchError GPIO_LINE_NOT_FOUND, DOOR_INPUT_UNAVAILABLE; none is left open then
 */
export async function openDoorInputs(config: Config['doorInputs'], parts: Parts): Promise<DoorInputs> {
  const opened: Partial<Record<(typeof NAMES)[number], DebouncedInput>> = {};
  try {
    for (const name of NAMES) {
      const wire = config[name];
      if (wire.adapter === 'none') continue;
      const line = wire.adapter === 'simulated' ? parts.simulated[name] : await openLine({ ...wire, name }, parts);
      // A simulated input does not bounce.
      opened[name] = new DebouncedInput(line, parts.clock, wire.adapter === 'simulated' ? 0 : wire.debounceMs);
    }
    return opened;
  } catch (error) {
    Object.values(opened).forEach((input) => input.close());
    throw error;
  }
}

type Wire = Extract<Config['doorInputs']['contact'], { line: number }> & { readonly name: string };

function openLine(wire: Wire, { clock, gpio }: Parts): Promise<DoorInputLine> {
  return adapterOf(wire, gpio) === 'gpiochip' ? openGpiochipInput(wire, clock, gpio) : openOnoffInput(wire, gpio);
}
