/**
 * The port to the electric lock's relay. Adapters: simulated-relay.ts, gpiochip-relay.ts, onoff-relay.ts.
 *
 * Synchronous, so that it can be released in an exit handler, when no promise is ever settled again. Only door/ calls it.
 */
export interface Relay {
  /** Throws FacelatchError RELAY_UNAVAILABLE when the line cannot be driven. */
  set(energised: boolean): void;
  /** The level read back from the line, as energised or not whatever its polarity. */
  read(): boolean;
  /** Releases the relay and gives the line back; safe to call twice. */
  close(): void;
}
