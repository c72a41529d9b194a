import type { Clock, Timer } from '../clock.js';
import type { Config } from '../config-schema.js';
import type { Emit } from '../events.js';
import type { LockoutFile, LockoutRecord } from './lockout-file.js';

/** How failed attempts delay the next one. */
export interface LockoutRules {
  /** So many consecutive failures begin a lockout. */
  readonly failures: number;
  /** How long the first lasts; each further failure doubles it, up to the most. */
  readonly firstMs: number;
  readonly maxMs: number;
}

/** Consecutive failures, and how many lockouts they have brought so far. */
export interface FailureSeries {
  readonly failures: number;
  readonly lockouts: number;
}

export const noFailures: FailureSeries = { failures: 0, lockouts: 0 };

/** NIST SP 800-63B-4 section 3.2.3: consecutive failures without and with presentation attack detection. */
const MOST_FAILURES = { withoutLiveness: 5, withLiveness: 10 };

/** Whether every presentation is examined for being an attack, as the laxer limit asks for. */
export function detectsAttacks({ passive, challenge }: Config['liveness']): boolean {
  return passive || challenge === 'always';
}

/** Rules may be stricter than the standard's, never laxer. */
export function lockoutRules({ failures, firstMs, maxMs }: Config['lockout'], liveness: boolean): LockoutRules {
  const most = liveness ? MOST_FAILURES.withLiveness : MOST_FAILURES.withoutLiveness;
  return { failures: Math.min(failures ?? most, most), firstMs, maxMs };
}

/** What follows from one more failure: from the limit on, every one brings a lockout twice as long as the one before. */
export function afterFailure(series: FailureSeries, rules: LockoutRules): { series: FailureSeries; lockoutMs?: number } {
  const failures = series.failures + 1;
  if (failures < rules.failures) return { series: { ...series, failures } };
  const lockoutMs = Math.min(rules.maxMs, rules.firstMs * 2 ** series.lockouts);
  return { series: { failures, lockouts: series.lockouts + 1 }, lockoutMs };
}

/** Whether failed attempts have put off the next one. */
export interface Lockout {
  /** 0 when attempts are taken. */
  remainingMs(): number;
  /** An attempt failed; without effect during a lockout, when none was made. */
  failed(): void;
  /** The series is over: somebody was let in, or an operator says so. */
  clear(): void;
  /** Keeps what is left for the next start. Safe to call twice. */
  stop(): Promise<void>;
}

export interface LockoutOptions {
  readonly rules: LockoutRules;
  readonly file: LockoutFile;
  readonly clock: Clock;
  readonly emit: Emit;
  /** The door has never run before: that there is no file is as it should be. */
  readonly firstStart: boolean;
}

/** During a lockout what is left of it is written so often: a power cut prolongs the lockout by as much at most. */
const SAVE_EVERY_MS = 5_000;

/**
 * Takes up where the last run stopped. The time without power is not counted, so that pulling the plug shortens nothing.
 * Where the file is missing or damaged, the series counts as complete: a lockout of the first length, and a fault.
 */
export async function openLockout(options: LockoutOptions): Promise<Lockout> {
  const { file, rules, emit, firstStart } = options;
  const found = await file.read();
  const lockout = new RunningLockout(options);
  if (found.is === 'read') lockout.resume(found.record);
  else if (found.is === 'damaged' || !firstStart) {
    const reason = found.is === 'missing' ? 'it is missing' : found.reason;
    emit({ type: 'store_fault', reason: `expected what is left of a lockout at ${file.path}, received: ${reason}; locked out` });
    lockout.resume({ failures: rules.failures, lockouts: 1, remainingMs: rules.firstMs });
  } else lockout.save();
  return lockout;
}

/** For a door that is told to count nothing. */
export const withoutLockout: Lockout = {
  remainingMs: () => 0,
  failed: () => undefined,
  clear: () => undefined,
  stop: () => Promise.resolve(),
};

class RunningLockout implements Lockout {
  readonly #options: LockoutOptions;
  #series = noFailures;
  #untilMs = -Infinity;
  #saving: Timer | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: LockoutOptions) {
    this.#options = options;
  }

  remainingMs(): number {
    return Math.max(0, this.#untilMs - this.#options.clock.monotonicMs());
  }

  failed(): void {
    if (this.remainingMs() > 0) return;
    const { series, lockoutMs } = afterFailure(this.#series, this.#options.rules);
    this.#series = series;
    if (lockoutMs !== undefined) this.#begin(lockoutMs);
    else this.save();
  }

  clear(): void {
    // Every grant comes here: an SD card is not worn out by writing the same again.
    if (this.#series.failures === 0) return;
    this.#series = noFailures;
    this.#untilMs = -Infinity;
    this.save();
  }

  resume({ failures, lockouts, remainingMs }: LockoutRecord): void {
    this.#series = { failures, lockouts };
    // A file from a laxer configuration does not outlast the present one's longest lockout.
    if (remainingMs > 0) this.#begin(Math.min(remainingMs, this.#options.rules.maxMs));
  }

  stop(): Promise<void> {
    this.#saving?.cancel();
    return (this.#stopped ??= this.#options.file.write(this.#record()).catch((error: unknown) => this.#tell(error)));
  }

  #begin(durationMs: number): void {
    const { clock, emit } = this.#options;
    this.#untilMs = clock.monotonicMs() + durationMs;
    emit({ type: 'lockout', durationMs, failures: this.#series.failures });
    this.save();
  }

  save(): void {
    if (this.#stopped) return;
    const { file, clock } = this.#options;
    this.#saving?.cancel();
    this.#saving = this.remainingMs() > 0 ? clock.after(SAVE_EVERY_MS, () => this.save()) : undefined;
    file.write(this.#record()).catch((error: unknown) => this.#tell(error));
  }

  #tell(error: unknown): void {
    this.#options.emit({ type: 'store_fault', reason: error instanceof Error ? error.message : String(error) });
  }

  #record(): LockoutRecord {
    return { ...this.#series, remainingMs: Math.ceil(this.remainingMs()) };
  }
}
