import type { Clock } from '../clock.js';
import type { CommandName } from '../command-names.js';
import type { Config } from '../config-schema.js';
import type { Controls } from '../daemon/controls.js';
import type { Command } from '../messages/command-schemas.js';

/** What the commands work with. */
export interface RemoteParts extends Controls {
  readonly config: Config;
  readonly clock: Clock;
  /** Given when the door stops: whoever waits for a person before the camera waits no longer. */
  readonly signal: AbortSignal;
}

/** The checked arguments of a command. */
export type Argument<N extends CommandName> = Extract<Command, { readonly name: N }>['args'];
