import type { Grant } from '../access/grant.js';
import type { Clock, Timer } from '../clock.js';
import type { Config } from '../config-schema.js';
import { reasonOf } from '../errors.js';
import type { Emit, Happening } from '../events.js';
import type { DebouncedInput, DoorInputs } from './door-input.js';
import { deadlineMs, step } from './door-machine.js';
import {
  initialState,
  isEnergised,
  type DoorInput,
  type DoorMode,
  type DoorSettings,
  type DoorState,
  type OrderedBy,
  type Refusal,
  type Step,
} from './door-state.js';
import type { Relay } from './relay.js';

export type Outcome = { readonly done: true } | { readonly done: false; readonly refused: Refusal };

/** What the `state` topic says of the door. */
export interface DoorStatus {
  readonly lock: 'LOCKED' | 'UNLOCKED' | 'JAMMED';
  readonly contact: 'open' | 'closed' | 'unknown';
  readonly mode: DoorMode;
}

/** The lock and its inputs. No call throws for a fault of the hardware: it is told as an event, and the relay is released. */
export interface Door {
  /** Releases the relay, reads the inputs, and takes grants from now on. Once only. */
  start(): void;
  /** Unlocks for one pulse, for this grant once. */
  grant(grant: Grant): Outcome;
  /** Mode `open`: released until `lock`, `setMode`, `stop` or a fault. The grant's cause is `command` or `schedule`. */
  holdOpen(grant: Grant): Outcome;
  /** Locks at once; ends mode `open`. */
  lock(cause: 'command' | 'schedule' | 'fault'): void;
  /** Refused when a schedule would lift a lockdown that a command ordered. */
  setMode(mode: 'normal' | 'lockdown', by: OrderedBy): Outcome;
  state(): DoorStatus;
  /** The relay reads as it was told, and nothing that had fallen due has been left undone: what a watchdog may be fed for. */
  isSound(): boolean;
  /** Locks at once and synchronously, for exit handlers and whoever has lost control; never throws. */
  releaseNow(): void;
  /** Locks for good and closes the inputs; the relay is closed by who opened it. Safe to call twice. */
  stop(): void;
}

export interface DoorParts {
  readonly relay: Relay;
  readonly inputs: DoorInputs;
  readonly clock: Clock;
  readonly emit: Emit;
  readonly settings: DoorSettings;
}

/** So late may a timer be, on a busy board, before the door counts as unsound. */
const TIMER_SLACK_MS = 1_000;

export function createDoor(parts: DoorParts): Door {
  return new RunningDoor(parts);
}

/** The door's part of the configuration. */
export function doorSettings({ relay, doorInputs }: Pick<Config, 'relay' | 'doorInputs'>): DoorSettings {
  const { pulseMs, restMs, maxGrantAgeMs, relockOnOpening, jammedAfterMs, checkMs } = relay;
  const { forcedOpenGraceMs, heldOpenWarningMs, heldOpenAlarmMs, exitButtonInLockdown } = doorInputs;
  return {
    ...{ pulseMs, restMs, maxGrantAgeMs, relockOnOpening, jammedAfterMs, checkMs },
    ...{ forcedOpenGraceMs, heldOpenWarningMs, heldOpenAlarmMs, exitButtonInLockdown },
  };
}

type InputName = Extract<Happening, { type: 'input_fault' }>['input'];
type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;

class RunningDoor implements Door {
  readonly #parts: DoorParts;
  readonly #spent = new WeakSet<Grant>();
  readonly #untold: Happening[] = [];
  #state: DoorState;
  #started = false;
  #timer: Timer | undefined;
  #dueMs = Infinity;
  #telling = false;

  constructor(parts: DoorParts) {
    this.#parts = parts;
    this.#state = initialState(-Infinity);
  }

  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#state = initialState(this.#parts.clock.monotonicMs());
    this.#turn({ type: 'lock', cause: 'command' });
    this.#startInputs();
  }

  grant(grant: Grant): Outcome {
    return this.#spend(grant, 'grant');
  }

  holdOpen(grant: Grant): Outcome {
    return this.#spend(grant, 'hold');
  }

  lock(cause: 'command' | 'schedule' | 'fault'): void {
    this.#turn({ type: 'lock', cause });
  }

  setMode(mode: 'normal' | 'lockdown', by: OrderedBy): Outcome {
    return outcome(this.#turn({ type: 'mode', mode, by }));
  }

  state(): DoorStatus {
    const { relay, contact, mode } = this.#state;
    const lock = relay !== 'ok' ? 'JAMMED' : isEnergised(this.#state) ? 'UNLOCKED' : 'LOCKED';
    return { lock, contact: contact.is, mode };
  }

  isSound(): boolean {
    const onTime = this.#parts.clock.monotonicMs() <= this.#dueMs + TIMER_SLACK_MS;
    return this.#state.relay !== 'will_not_release' && onTime;
  }

  releaseNow(): void {
    this.#releaseQuietly();
    try {
      this.#turn({ type: 'lock', cause: 'fault' });
    } catch {
      // Whoever listens has failed; the relay was released above.
    }
  }

  stop(): void {
    if (this.#state.lock.is === 'stopped') return;
    this.#started = true;
    this.#turn({ type: 'stop' });
    for (const { name, input } of fitted(this.#parts.inputs)) {
      try {
        input.close();
      } catch (error) {
        this.#parts.emit({ type: 'input_fault', input: name, reason: reasonOf(error) });
      }
    }
  }

  #spend(grant: Grant, type: 'grant' | 'hold'): Outcome {
    if (this.#spent.has(grant)) return outcome('spent');
    this.#spent.add(grant);
    const { cause, person, decidedAtMs } = grant;
    const refused = this.#turn({ type, cause, decidedAtMs, ...(person && { person }) });
    return outcome(refused ?? (this.#state.lock.is === 'locked' ? 'relay_fault' : undefined));
  }

  #startInputs(): void {
    for (const { name, input } of fitted(this.#parts.inputs)) {
      const onChange = (active: boolean): void => {
        if (name === 'contact') this.#turn({ type: 'contact', open: active });
        else if (name === 'tamper') this.#turn({ type: 'tamper', active });
        else if (active) this.#turn({ type: 'exit_button' });
      };
      const onFault = (reason: string): void => {
        this.#untold.push({ type: 'input_fault', input: name, reason });
        // A line that cannot be read counts as open, or as tampered with; it presses no button.
        if (name === 'exit_button') this.#tell();
        else onChange(true);
      };
      const active = input.start({ onChange, onFault });
      // A button that is held while the door starts was not pressed.
      if (active !== undefined && name !== 'exit_button') onChange(active);
    }
  }

  /** One input through the machine: the relay is written and read back before anybody is told. */
  #turn(input: Untimed<DoorInput>): Refusal | undefined {
    if (!this.#started) return 'not_started';
    if (this.#state.lock.is === 'stopped') return 'stopped';
    try {
      const refused = this.#advance(input);
      this.#readBack();
      this.#arm();
      return refused;
    } catch (error) {
      this.#releaseQuietly();
      throw error;
    } finally {
      this.#tell();
    }
  }

  #advance(input: Untimed<DoorInput>): Refusal | undefined {
    const next = this.#step(input);
    if (next.relay) this.#write(next.relay === 'energise');
    return next.refused;
  }

  #step(input: Untimed<DoorInput>): Step {
    const next = step(this.#state, { ...input, atMs: this.#parts.clock.monotonicMs() }, this.#parts.settings);
    this.#state = next.state;
    this.#untold.push(...next.emit);
    return next;
  }

  #write(energised: boolean): void {
    try {
      this.#parts.relay.set(energised);
    } catch (error) {
      this.#step({ type: 'relay_fault', reason: reasonOf(error), energising: energised });
      this.#releaseQuietly();
    }
  }

  #readBack(): void {
    let energised: boolean;
    try {
      energised = this.#parts.relay.read();
    } catch (error) {
      this.#step({ type: 'relay_fault', reason: reasonOf(error), energising: false });
      this.#releaseQuietly();
      return;
    }
    this.#advance({ type: 'readback', energised });
  }

  #releaseQuietly(): void {
    try {
      this.#parts.relay.set(false);
    } catch {
      // Told where it was first met, and tried again at every check.
    }
  }

  #arm(): void {
    const { clock, settings } = this.#parts;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Infinity;
    if (this.#state.lock.is === 'stopped') return;
    const nowMs = clock.monotonicMs();
    this.#dueMs = Math.min(deadlineMs(this.#state, settings) ?? Infinity, nowMs + settings.checkMs);
    this.#timer = clock.after(Math.max(0, this.#dueMs - nowMs), () => this.#turn({ type: 'tick' }));
  }

  /** In order, though a listener may move the door. */
  #tell(): void {
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#untold.shift(); next; next = this.#untold.shift()) this.#parts.emit(next);
    } finally {
      this.#telling = false;
    }
  }
}

function fitted({ contact, exitButton, tamper }: DoorInputs): { name: InputName; input: DebouncedInput }[] {
  const named = [
    { name: 'contact', input: contact },
    { name: 'exit_button', input: exitButton },
    { name: 'tamper', input: tamper },
  ] as const;
  return named.flatMap(({ name, input }) => (input ? [{ name, input }] : []));
}

const outcome = (refused: Refusal | undefined): Outcome => (refused === undefined ? { done: true } : { done: false, refused });
