import { v7 as uuidv7 } from 'uuid';
import type { AuditTrail } from './audit-trail.js';
import type { Clock } from './clock.js';
import type { DoorStatus } from './door/door.js';
import type { DoorEvent, Happening } from './events.js';
import type { Messenger } from './messages/messenger.js';
import { mentions } from './messages/outbox.js';

type Health = 'ok' | 'fault' | 'unknown';

/** What the state tells beside the health of the parts. */
export interface Standing extends DoorStatus {
  readonly people: number;
}

/**
 * Tells the world what happens: stamps each happening into an event, gives it to the audit log, the messenger and the terminal, and
 * keeps the retained state up to date. What happens before audit log and messenger stand waits for them.
 */
export class Announcer {
  readonly #clock: Clock;
  readonly #onEvent: (event: DoorEvent) => void;
  #early: DoorEvent[] = [];
  readonly #forgotten: string[] = [];
  readonly #health: Record<'camera' | 'model' | 'relay' | 'store', Health> = {
    camera: 'unknown',
    model: 'ok',
    relay: 'ok',
    store: 'ok',
  };
  #trail: Pick<AuditTrail, 'event'> | undefined;
  #messenger: Messenger | undefined;
  #standing: (() => Standing) | undefined;

  constructor(clock: Clock, onEvent: (event: DoorEvent) => void) {
    this.#clock = clock;
    this.#onEvent = onEvent;
  }

  readonly emit = (happening: Happening): void => {
    const event: DoorEvent = { ...happening, eventId: uuidv7(), time: this.#clock.wallTime().toISOString() };
    this.#note(event);
    this.#trail?.event(event);
    if (this.#messenger) this.#messenger.publishEvent(event);
    else this.#early.push(event);
    this.#onEvent(event);
    this.refresh();
  };

  /** From now on events are recorded; those that waited go first. Before `open`. */
  record(trail: Pick<AuditTrail, 'event'>): void {
    this.#trail = trail;
    this.#early.forEach((event) => trail.event(event));
  }

  /** From now on events and state go out; those that waited go first. */
  open(messenger: Messenger): void {
    this.#messenger = messenger;
    messenger.forget(this.#forgotten);
    this.#early.splice(0).forEach((event) => messenger.publishEvent(event));
  }

  /** Takes back what waits to be told of these people. */
  readonly forget = (ids: readonly string[]): void => {
    this.#forgotten.push(...ids);
    this.#early = this.#early.filter((event) => !ids.some((id) => mentions(JSON.stringify(event), id)));
    this.#messenger?.forget(ids);
  };

  /** From now on there is a door whose state can be told. */
  standing(source: () => Standing): void {
    this.#standing = source;
    this.refresh();
  }

  /** A frame arrived and was analysed. */
  sawFrame(): void {
    if (this.#health.camera === 'unknown') {
      this.#health.camera = 'ok';
      this.refresh();
    }
  }

  /** Publishes the state where it changed. */
  refresh(): void {
    if (this.#standing) this.#messenger?.publishState({ ...this.#standing(), health: { ...this.#health } });
  }

  #note(event: DoorEvent): void {
    if (event.type === 'camera_fault') this.#health.camera = 'fault';
    if (event.type === 'camera_ok') this.#health.camera = 'ok';
    if (event.type === 'relay_fault' || event.type === 'jammed') this.#health.relay = 'fault';
    if (event.type === 'relay_ok') this.#health.relay = 'ok';
    if (event.type === 'store_fault') this.#health.store = 'fault';
  }
}
