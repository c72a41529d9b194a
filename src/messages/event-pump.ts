import type { Clock, Timer } from '../clock.js';
import { reasonOf } from '../errors.js';
import type { Link } from './connection.js';
import type { Log } from './log.js';
import type { Outbox } from './outbox.js';

/** How many events may wait for PUBACK: enough to hide the way to the broker and back. */
const WINDOW = 16;
/** Left of the broker's allowance for state, availability and responses. */
const RESERVE = 4;
/** After a refusal (an access rule, a quota): how long until the next try, in milliseconds. */
const REFUSED_MS = 5_000;

export interface EventPumpOptions {
  readonly topic: string;
  readonly outbox: Pick<Outbox, 'next' | 'acknowledge'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Moves events from the outbox to the broker in their order, several under way at a time: one connection keeps their order
 * (MQTT 3.1.1 clause 4.6). After a broken connection it begins again at the oldest that was not acknowledged.
 */
export class EventPump {
  readonly #options: EventPumpOptions;
  #link: Link | undefined;
  #lastSeq = 0;
  #underWay = 0;
  #refused: Timer | undefined;

  constructor(options: EventPumpOptions) {
    this.#options = options;
  }

  /** Events that are published but not acknowledged. */
  get underWay(): number {
    return this.#underWay;
  }

  linked(link: Link): void {
    this.unlinked();
    this.#link = link;
    this.pump();
  }

  unlinked(): void {
    this.#link = undefined;
    this.#lastSeq = 0;
    this.#underWay = 0;
    this.#refused?.cancel();
    this.#refused = undefined;
  }

  /** Publishes what may be published now. Call it when there is something new. */
  pump(): void {
    const link = this.#link;
    if (!link || this.#refused) return;
    const window = Math.max(1, Math.min(WINDOW, link.receiveMaximum - RESERVE));
    while (this.#underWay < window) {
      const entry = this.#options.outbox.next(this.#lastSeq);
      if (!entry) return;
      this.#lastSeq = entry.seq;
      this.#underWay++;
      void this.#publish(link, entry.seq, entry.json);
    }
  }

  async #publish(link: Link, seq: number, payload: string): Promise<void> {
    const { topic, outbox, clock, log } = this.#options;
    try {
      await link.publish({ topic, payload, qos: 1, retain: false });
      outbox.acknowledge(seq);
    } catch (error) {
      // With the connection gone there is a new link soon; without, the broker has refused.
      if (link === this.#link && !this.#refused) {
        log.warn({ reason: reasonOf(error) }, 'the MQTT broker did not take an event; it is kept');
        this.#refused = clock.after(REFUSED_MS, () => {
          this.#refused = undefined;
          this.#lastSeq = 0;
          this.pump();
        });
      }
    }
    if (link !== this.#link) return;
    this.#underWay--;
    this.pump();
  }
}
