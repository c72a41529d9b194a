import type { Clock, Timer } from '../clock.js';
import type { Config } from '../config.js';
import type { DoorEvent } from '../events.js';
import type { Messenger } from '../messages/messenger.js';
import { serveMetrics, type MetricsServer } from '../system/metrics-server.js';
import { Metrics } from '../system/metrics.js';
import { readTemperature } from '../system/temperature.js';
import type { Sighting } from './lookout.js';

/** How the door fares, in numbers: counted from the first event on, told on the health topic and to Prometheus. */
export class VitalSigns {
  readonly #config: Pick<Config, 'mqtt' | 'metrics'>;
  readonly #clock: Clock;
  readonly #startedMs: number;
  readonly #metrics: Metrics;
  #messenger: Messenger | undefined;
  #server: MetricsServer | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(config: Pick<Config, 'mqtt' | 'metrics'>, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    this.#startedMs = clock.monotonicMs();
    this.#metrics = new Metrics({
      outbox: () => this.#messenger?.status().outbox ?? { events: 0, bytes: 0, dropped: 0 },
      connected: () => this.#messenger?.status().connection.state === 'connected',
      temperatureCelsius: () => readTemperature(),
    });
  }

  /** Where Prometheus asks; undefined where that is not configured. */
  get metricsUrl(): string | undefined {
    return this.#server?.url;
  }

  event(event: DoorEvent): void {
    this.#metrics.event(event);
  }

  /** A frame has been analysed. */
  frame({ frame, faces }: Sighting): void {
    this.#metrics.frame(faces.length, this.#clock.monotonicMs() - frame.capturedAtMs);
  }

  /** @throws FacelatchError PORT_TAKEN */
  async start(messenger: Messenger): Promise<void> {
    this.#messenger = messenger;
    const { port } = this.#config.metrics;
    if (port !== undefined) {
      this.#metrics.withProcess();
      this.#server = await serveMetrics(this.#metrics, port);
    }
    this.#wait();
  }

  /** Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#server?.stop();
  }

  #wait(): void {
    if (!this.#stopped) this.#timer = this.#clock.after(this.#config.mqtt.healthSeconds * 1_000, () => void this.#tell());
  }

  async #tell(): Promise<void> {
    const [figures, temperatureCelsius] = await Promise.all([this.#metrics.figures(), readTemperature()]);
    const status = this.#messenger?.status();
    if (status) {
      const { connections, lastProblem } = status.connection;
      this.#messenger?.publishHealth({
        time: this.#clock.wallTime().toISOString(),
        uptimeSeconds: Math.floor((this.#clock.monotonicMs() - this.#startedMs) / 1_000),
        ...figures,
        ...(temperatureCelsius !== undefined && { temperatureCelsius }),
        memoryBytes: process.memoryUsage.rss(),
        outbox: status.outbox,
        broker: { connections, ...(lastProblem !== undefined && { lastProblem }) },
      });
    }
    this.#wait();
  }
}
