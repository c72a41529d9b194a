import { backOffMs } from '../back-off.js';
import type { Clock } from '../clock.js';
import { reasonOf } from '../errors.js';
import type { Credentials } from './credentials.js';
import type { Log } from './log.js';
import { NoSession, openSession, type Message, type ProtocolVersion, type Publication, type Session } from './session.js';
import { within } from './within.js';

/** A way to the broker, good until the connection ends. */
export type Link = Pick<Session, 'publish' | 'protocolVersion' | 'receiveMaximum'>;

export interface ConnectionStatus {
  readonly state: 'connecting' | 'connected' | 'waiting' | 'stopped';
  readonly url: string;
  readonly protocolVersion?: ProtocolVersion;
  /** Attempts and connections in a row that failed; 0 after a steady one. */
  readonly failures: number;
  /** Why the last attempt failed or the last connection ended, while there is none. */
  readonly problem?: string;
  /** How many connections came about since start, and why the last attempt failed or the last connection ended, if ever. */
  readonly connections: number;
  readonly lastProblem?: string;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly clientId: string;
  readonly keepAliveSeconds: number;
  readonly reconnectMinMs: number;
  readonly reconnectMaxMs: number;
  /** Tried in this order where the broker refuses one: [5, 4], or [4] where it is known to speak no other. */
  readonly versions: readonly [ProtocolVersion, ...ProtocolVersion[]];
  /** The topic of `online` and `offline`; the latter is the last will as well. */
  readonly availability: string;
  readonly subscriptions: readonly string[];
  /** The greatest packet that is received, where the broker speaks MQTT 5. */
  readonly maxPacketBytes: number;
  readonly credentials: () => Promise<Credentials>;
  /** After `online` at each connection. */
  readonly onLink: (link: Link) => void;
  /** The last link has ended; what it has not acknowledged is rejected. */
  readonly onUnlink: () => void;
  readonly onMessage: (message: Message) => void;
  readonly onStatus: (status: ConnectionStatus) => void;
  readonly clock: Clock;
  readonly log: Log;
  /** 0..1, for the jitter. */
  readonly random: () => number;
}

/** How long a step of a clean end may take, in milliseconds: systemd waits, and so may whoever stands before the door. */
const FAREWELL_MS = 1_000;
/** So many short connections in a row without a reason: somebody else may use our client id (3.1.1 brokers do not say). */
const SUSPICIOUS_ENDS = 3;

/** Keeps one connection to the broker, for ever: each that ends is followed by another, with back-off and jitter. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #status: ConnectionStatus;
  #version = 0;
  /** Ends the present wait, if there is one. */
  #wake: () => void = () => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#status = { state: 'waiting', url: options.url, failures: 0, connections: 0 };
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Returns at once, whether or not there is a broker. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Says `offline` and closes; resolves when the connection has ended. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
    if (this.#status.state !== 'stopped') this.#tell({ state: 'stopped', failures: 0 });
  }

  async #run(): Promise<void> {
    let failures = 0;
    let unexplained = 0;
    while (!this.#stopping.signal.aborted) {
      this.#tell({ state: 'connecting', failures });
      const opened = await this.#open();
      if (typeof opened === 'object') {
        const { reason, steady } = await this.#serve(opened);
        if (steady) failures = 0;
        unexplained = reason === undefined && !steady ? unexplained + 1 : 0;
        const twin = unexplained >= SUSPICIOUS_ENDS ? `; another client may use the client id ${this.#options.clientId}` : '';
        this.#note((reason ?? 'the connection was closed') + twin);
      } else {
        this.#note(opened);
      }
      failures++;
      await this.#wait(failures);
    }
  }

  /** A session, or why there is none. A broker that refuses our version is asked with the next one at once. */
  async #open(): Promise<Session | string> {
    const { versions, url, clientId, keepAliveSeconds, maxPacketBytes, availability, onMessage, credentials } = this.#options;
    let reason = 'stopped';
    for (let tried = 0; tried < versions.length && !this.#stopping.signal.aborted; tried++) {
      try {
        return await openSession({
          url,
          clientId,
          keepAliveSeconds,
          maxPacketBytes,
          onMessage,
          protocolVersion: versions[this.#version % versions.length] ?? versions[0],
          will: farewell(availability),
          signal: this.#stopping.signal,
          credentials: await credentials(),
        });
      } catch (error) {
        reason = reasonOf(error);
        if (!(error instanceof NoSession && error.versionInDoubt)) break;
        this.#version++;
      }
    }
    return reason;
  }

  /** From `online` until the connection ends or is to end. */
  async #serve(session: Session): Promise<{ reason: string | undefined; steady: boolean }> {
    const { clock, log, availability, subscriptions, onLink, onUnlink, keepAliveSeconds } = this.#options;
    const { signal } = this.#stopping;
    const sinceMs = clock.monotonicMs();
    let refused: string | undefined;
    try {
      for (const filter of subscriptions) await session.subscribe(filter);
      await session.publish({ ...farewell(availability), payload: 'online' });
      log.info({ url: this.#options.url, protocolVersion: session.protocolVersion }, 'connected to the MQTT broker');
      this.#tell({ state: 'connected', failures: 0, protocolVersion: session.protocolVersion });
      onLink(session);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (signal.aborted) resolve();
        void session.ended.then(() => resolve());
      });
      onUnlink();
      // Also where the connection has ended already: it is then rejected at once.
      if (signal.aborted) await within(clock, FAREWELL_MS, session.publish(farewell(availability)));
    } catch (error) {
      refused = `it did not accept what a door needs: ${reasonOf(error)}`;
    }
    const closed = await within(clock, FAREWELL_MS, session.close());
    if (!closed) session.destroy();
    return { reason: (await session.ended) ?? refused, steady: clock.monotonicMs() - sinceMs >= keepAliveSeconds * 1_000 };
  }

  /** Until it is time to try again, or to stop. */
  async #wait(failures: number): Promise<void> {
    const { clock, reconnectMinMs, reconnectMaxMs, random } = this.#options;
    if (this.#stopping.signal.aborted) return;
    this.#tell({ state: 'waiting', failures });
    await new Promise<void>((resolve) => {
      const waitMs = backOffMs(failures - 1, { minMs: reconnectMinMs, maxMs: reconnectMaxMs }, random);
      const timer = clock.after(waitMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  #note(problem: string): void {
    if (this.#stopping.signal.aborted) return;
    // Once for each new problem: a broker that is away for days fills no log.
    if (problem !== this.#status.problem)
      this.#options.log.warn({ url: this.#options.url, problem }, 'no connection to the MQTT broker');
    this.#status = { ...this.#status, problem, lastProblem: problem };
  }

  #tell(change: Pick<ConnectionStatus, 'state' | 'failures' | 'protocolVersion'>): void {
    const { url, problem, lastProblem } = this.#status;
    const keep = change.state === 'waiting' || change.state === 'connecting';
    this.#status = {
      url,
      ...change,
      connections: this.#status.connections + Number(change.state === 'connected'),
      ...(keep && problem !== undefined && { problem }),
      ...(lastProblem !== undefined && { lastProblem }),
    };
    this.#options.onStatus(this.#status);
  }
}

const farewell = (availability: string): Publication => ({ topic: availability, payload: 'offline', qos: 1, retain: true });
