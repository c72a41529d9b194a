import { reasonOf } from '../errors.js';
import type { Link } from './connection.js';
import type { Log } from './log.js';
import type { DoorState } from './schemas.js';

/** The state as the door knows it; the nonce belongs to messages/. */
export type DoorStanding = Omit<DoorState, 'nonce'>;

/**
 * Keeps the retained state on the broker equal to the door's: published on change and at every connection, one at a time,
 * the newest wins.
 */
export class StatePublisher {
  readonly #topic: string;
  readonly #nonce: () => string | undefined;
  readonly #log: Log;
  #state: DoorStanding | undefined;
  #link: Link | undefined;
  /** What the door is. */
  #wanted: string | undefined;
  /** What the broker has been told on this link, or is being told. */
  #told: string | undefined;
  #telling = false;

  /** @param nonce what the next command must repeat, where there may be one */
  constructor(topic: string, nonce: () => string | undefined, log: Log) {
    this.#topic = topic;
    this.#nonce = nonce;
    this.#log = log;
  }

  publish(state: DoorStanding): void {
    this.#state = state;
    this.refresh();
  }

  /** The nonce may have changed. */
  refresh(): void {
    if (!this.#state) return;
    const { lock, contact, mode, health, people } = this.#state;
    const { camera, model, relay, store } = health;
    const nonce = this.#nonce();
    // Always in this order, so that equal states are equal texts.
    const payload: DoorState = {
      lock,
      contact,
      mode,
      health: { camera, model, relay, store },
      people,
      ...(nonce !== undefined && { nonce }),
    };
    this.#wanted = JSON.stringify(payload);
    void this.#tell();
  }

  linked(link: Link): void {
    this.#link = link;
    this.#told = undefined;
    this.#telling = false;
    void this.#tell();
  }

  unlinked(): void {
    this.#link = undefined;
  }

  async #tell(): Promise<void> {
    const link = this.#link;
    const wanted = this.#wanted;
    if (!link || this.#telling || wanted === undefined || wanted === this.#told) return;
    this.#telling = true;
    this.#told = wanted;
    try {
      await link.publish({ topic: this.#topic, payload: wanted, qos: 1, retain: true });
    } catch (error) {
      if (link === this.#link) this.#log.warn({ reason: reasonOf(error) }, 'the MQTT broker did not take the state');
    }
    if (link !== this.#link) return;
    this.#telling = false;
    void this.#tell();
  }
}
