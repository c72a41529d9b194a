import type { Logger } from 'pino';
import { AuditTrail } from '../audit-trail.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { reasonOf } from '../errors.js';
import type { PeopleChange } from '../identity/people.js';

/** Another command line, or a daemon that is just stopping, is done sooner. */
const PATIENCE_SECONDS = 5;

/** Puts the changes that a command makes to the people file itself into the audit log; those that it asks a daemon for, the daemon records. */
export class ChangeRecorder {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #log: Logger;
  #trail: Promise<AuditTrail | undefined> | undefined;
  #recording: Promise<void> = Promise.resolve();

  constructor(config: Config, clock: Clock, log: Logger) {
    this.#config = config;
    this.#clock = clock;
    this.#log = log;
  }

  note(change: PeopleChange): void {
    if (!change.madeHere) return;
    this.#recording = this.#recording.then(() => this.#record(change));
  }

  /** Resolves when what was noted is recorded, or was told to be missing. */
  async close(): Promise<void> {
    await this.#recording;
    await (await this.#trail?.catch(() => undefined))?.close();
  }

  async #record(change: PeopleChange): Promise<void> {
    try {
      const trail = await (this.#trail ??= this.#open());
      if (!trail) throw new Error('another process keeps it');
      trail.people(change);
    } catch (error) {
      this.#log.warn({ reason: reasonOf(error) }, 'the change was made but is missing in the audit log');
    }
  }

  #open(): Promise<AuditTrail | undefined> {
    const onFault = (reason: string) => this.#log.warn(reason);
    return AuditTrail.open({ config: this.#config, clock: this.#clock, patienceSeconds: PATIENCE_SECONDS, onFault });
  }
}
