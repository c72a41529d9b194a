import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from './clock.js';
import type { Config } from './config.js';
import { fault, reasonOf } from './errors.js';
import type { DoorEvent } from './events.js';
import { takeLock, type Lock } from './identity/people-file/lock.js';
import type { PeopleChange } from './identity/people.js';
import type { Person } from './identity/person.js';
import { auditEntry, type Deciders, type Entry } from './system/audit-entry.js';
import { openAudit, type AuditLog } from './system/audit-log.js';
import { findLast } from './system/audit-read.js';
import { sha256 } from './system/audit-line.js';

/** Where the audit log of a configuration stands. */
export function auditFolder({ audit, people }: Config): string {
  return audit.folder ?? join(dirname(people.file), 'audit');
}

export interface AuditTrailOptions {
  readonly config: Config;
  readonly clock: Clock;
  /** So long another process may still be writing, in seconds. */
  readonly patienceSeconds: number;
  readonly onFault: (reason: string) => void;
}

/**
 * What daemon and command line put into the audit log: one of them at a time holds it. Whoever holds the people file records
 * what happens to it, so that each change stands there once.
 */
export class AuditTrail {
  readonly #log: AuditLog;
  readonly #lock: Lock;
  readonly #folder: string;
  /** The models that decide, once they are known. */
  deciders: Deciders = { encoder: '', modelSha256: '' };

  private constructor(log: AuditLog, lock: Lock, folder: string) {
    this.#log = log;
    this.#lock = lock;
    this.#folder = folder;
  }

  /**
   * @returns undefined where another process keeps the log
   * @throws FacelatchError AUDIT_UNAVAILABLE
   */
  static async open({ config, clock, patienceSeconds, onFault }: AuditTrailOptions): Promise<AuditTrail | undefined> {
    const folder = auditFolder(config);
    const lock = await lockFolder(folder, patienceSeconds);
    if (!lock) return undefined;
    const log = await openAudit({ ...config.audit, folder, clock, onFault });
    return new AuditTrail(log, lock, folder);
  }

  /** Whether the door has never run before. Tells while nothing is recorded of this run only. */
  async isFirstStart(): Promise<boolean> {
    return (await findLast(this.#folder, ['started', 'pruned'])) === undefined;
  }

  /**
   * Whatever happens at the door; of the people file the changes are recorded themselves. What a display says decides nothing,
   * and passers-by bring it about all day.
   */
  event(event: DoorEvent): void {
    if (event.type === 'enrolled' || event.type === 'removed' || event.type === 'guidance') return;
    this.#log.record(auditEntry(event, this.deciders));
  }

  /** Who was enrolled, changed, removed and forgotten: which fields, not what they hold. */
  people({ changes, forgotten = [] }: Pick<PeopleChange, 'changes' | 'forgotten'>): void {
    for (const { before, after } of changes) {
      if (!after && before && forgotten.includes(before.id)) continue;
      const entry = changeEntry(before, after);
      if (entry) this.#log.record(entry);
    }
    for (const person of forgotten) this.#log.record({ type: 'person_forgotten', person });
  }

  /** The configuration of this run, by its hash, and whether it is another than the last one's. */
  async configuration(config: Config): Promise<void> {
    const hash = sha256(JSON.stringify(config));
    const last = await findLast(this.#folder, ['configuration']);
    this.#log.record({ type: 'configuration', sha256: hash, changed: last !== undefined && last['sha256'] !== hash });
  }

  /** Safe to call twice. */
  async close(): Promise<void> {
    await this.#log.close();
    await this.#lock.release();
  }
}

async function lockFolder(folder: string, patienceSeconds: number): Promise<Lock | undefined> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await takeLock(join(folder, 'audit'), patienceSeconds);
  } catch (error) {
    throw fault('AUDIT_UNAVAILABLE', { folder, reason: reasonOf(error) }, error);
  }
}

function changeEntry(before: Person | undefined, after: Person | undefined): Entry | undefined {
  if (!after) return before && { type: 'person_removed', person: before.id };
  const templates = after.templates.length;
  if (!before) return { type: 'person_added', person: after.id, templates };
  const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (field) => JSON.stringify(before[field as keyof Person]) !== JSON.stringify(after[field as keyof Person]),
  );
  return fields.length === 0 ? undefined : { type: 'person_changed', person: after.id, fields, templates };
}
