import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { createDoor, doorSettings, type Door } from '../door/door.js';
import { openDoorInputs, type SimulatedInputs } from '../door/open-door-inputs.js';
import { openRelay } from '../door/open-relay.js';
import type { Emit } from '../events.js';
import type { Parts } from './parts.js';

interface DoorNeeds {
  readonly config: Config;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly simulatedInputs: SimulatedInputs;
}

/**
 * The relay, released, and the door, not yet started.
 *
 * @throws FacelatchError RELAY_UNAVAILABLE, GPIO_LINE_NOT_FOUND, DOOR_INPUT_UNAVAILABLE
 */
export async function openDoor({ config, clock, emit, simulatedInputs }: DoorNeeds, parts: Parts): Promise<Door> {
  const relay = parts.add(await openRelay(config.relay, clock), (it) => it.close());
  const inputs = await openDoorInputs(config.doorInputs, { clock, simulated: simulatedInputs });
  return parts.add(createDoor({ relay, inputs, clock, emit, settings: doorSettings(config) }), (it) => it.stop());
}
