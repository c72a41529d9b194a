import { AuditTrail, auditFolder } from '../audit-trail.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config.js';
import { fault } from '../errors.js';
import type { Emit, Happening } from '../events.js';
import { openPeople, type Change, type People } from '../identity/people.js';
import type { Person } from '../identity/person.js';
import { scheduleNamed } from '../schedule-schema.js';
import type { Parts } from './parts.js';

interface Needs {
  readonly config: Config;
  readonly clock: Clock;
  readonly emit: Emit;
}

interface PeopleNeeds extends Needs {
  /** Takes back what waits to be told of these people. */
  readonly forget: (ids: readonly string[]) => void;
}

/** A command line that records its change is done sooner. */
const AUDIT_PATIENCE_SECONDS = 5;

/** @throws FacelatchError AUDIT_UNAVAILABLE */
export async function openAuditTrail({ config, clock, emit }: Needs, parts: Parts): Promise<AuditTrail> {
  const onFault = (reason: string) => emit({ type: 'store_fault', reason });
  const trail = await AuditTrail.open({ config, clock, patienceSeconds: AUDIT_PATIENCE_SECONDS, onFault });
  if (!trail) throw fault('AUDIT_UNAVAILABLE', { folder: auditFolder(config), reason: 'another process keeps it' });
  return parts.add(trail, (it) => it.close());
}

/**
 * The people file, whose every change is recorded and told, wherever it came from.
 *
 * @throws FacelatchError SCHEDULE_UNKNOWN, and what openPeople throws
 */
export async function openDaemonPeople(needs: PeopleNeeds, trail: AuditTrail, parts: Parts): Promise<People> {
  const { config, clock, emit, forget } = needs;
  const onFault = (reason: string) => emit({ type: 'store_fault', reason });
  const people = parts.add(await openPeople({ ...config.people, create: false, hold: true, clock, onFault }), (it) => it.close());
  refuseUnknownSchedules(people.all(), config.schedules);
  people.onChange((change) => {
    trail.people(change);
    const { changes, forgotten = [] } = change;
    if (forgotten.length > 0) forget(forgotten);
    changes.flatMap((one) => newsOf(one, forgotten)).forEach(emit);
  });
  return people;
}

/** Whoever has a schedule that does not exist is never let in: better told at start than at the door. By id, as it is logged. */
function refuseUnknownSchedules(people: readonly Person[], schedules: Config['schedules']): void {
  const unknown = people.flatMap(({ id, schedule }) =>
    schedule === undefined || scheduleNamed(schedules, schedule) ? [] : [`"${schedule}" of ${id}`],
  );
  if (unknown.length > 0) throw fault('SCHEDULE_UNKNOWN', { people: unknown, known: Object.keys(schedules) });
}

/** Somebody came, has more templates than before, or went; other changes are nobody's news. */
function newsOf({ before, after }: Change, forgotten: readonly string[]): Happening[] {
  if (!after) {
    if (!before) return [];
    const { id, name } = before;
    // The name of somebody who is forgotten goes nowhere any more.
    return [{ type: 'removed', person: { id, name: forgotten.includes(id) ? id : name } }];
  }
  const known = new Set(before?.templates.map(({ id }) => id));
  if (after.templates.every(({ id, source }) => known.has(id) || source === 'adaptive')) return [];
  return [{ type: 'enrolled', person: { id: after.id, name: after.name }, templates: after.templates.length }];
}
