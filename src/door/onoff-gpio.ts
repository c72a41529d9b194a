import { reasonOf } from '../errors.js';

/** What is used of the class `Gpio` of onoff; a test gives its own. */
export interface Gpio {
  readSync(): 0 | 1;
  writeSync(level: 0 | 1): void;
  direction(): string;
  activeLow(): boolean;
  watch(listener: (error: Error | null | undefined, level: 0 | 1) => void): void;
  unwatchAll(): void;
  unexport(): void;
}

export type GpioClass = new (
  globalLine: number,
  direction: 'in' | 'high' | 'low',
  edge: 'none' | 'both',
  options: { readonly activeLow: boolean },
) => Gpio;

/** What the onoff adapters need besides the configuration; the real ones unless given. */
export interface OnoffParts {
  readonly Gpio?: GpioClass;
  readonly sysfsRoot?: string;
}

/**
 * The class `Gpio` of onoff, an optional package: where it could not be built (no compiler, not Linux) the door runs simulated.
 *
 * @throws Error that says how to get it
 */
export async function loadGpio(): Promise<GpioClass> {
  try {
    return (await import('onoff')).Gpio;
  } catch (error) {
    throw new Error(`the optional package "onoff" cannot be loaded (npm install onoff): ${reasonOf(error)}`, { cause: error });
  }
}
