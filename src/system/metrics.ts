import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DoorEvent } from '../events.js';
import type { Health } from '../health-schema.js';

/** What changes by itself, and is read when somebody asks. */
export interface Gauges {
  readonly outbox: () => Health['outbox'];
  readonly connected: () => boolean;
  readonly temperatureCelsius: () => Promise<number | undefined>;
}

/** In seconds. A frame takes 20 ms on a fast machine and 300 ms on a slow board; 1 s is where a decision comes too late. */
const BUCKETS = [0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5];

/** What happened since start, in numbers: for the health topic, and for Prometheus where that is configured. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #frames = this.#counter('frames_total', 'Frames that were analysed');
  readonly #faces = this.#counter('faces_total', 'Faces that were found in them');
  readonly #decisions = new Counter({
    name: 'facelatch_decisions_total',
    help: 'Presentations by their outcome: granted, or the reason of the denial',
    labelNames: ['outcome'],
    registers: [this.#registry],
  });
  readonly #events = new Counter({
    name: 'facelatch_events_total',
    help: 'Everything that happened, by type',
    labelNames: ['type'],
    registers: [this.#registry],
  });
  readonly #latency = new Histogram({
    name: 'facelatch_frame_latency_seconds',
    help: 'From the capture of a frame to the end of its analysis',
    buckets: BUCKETS,
    registers: [this.#registry],
  });

  constructor({ outbox, connected, temperatureCelsius }: Gauges) {
    this.#gauge('outbox_events', 'Events that wait for the broker', () => outbox().events);
    this.#gauge('outbox_bytes', 'Their size', () => outbox().bytes);
    this.#gauge('outbox_dropped', 'Events given up since start', () => outbox().dropped);
    this.#gauge('broker_connected', '1 while there is a connection to the broker', () => Number(connected()));
    this.#gauge('temperature_celsius', 'Of the processor', temperatureCelsius);
  }

  /** Memory, CPU and event loop of the process as well; they cost a little, so only where somebody reads them. */
  withProcess(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  frame(faces: number, latencyMs: number): void {
    this.#frames.inc();
    this.#faces.inc(faces);
    this.#latency.observe(latencyMs / 1_000);
  }

  event(event: DoorEvent): void {
    this.#events.inc({ type: event.type });
    if (event.type === 'granted') this.#decisions.inc({ outcome: 'granted' });
    if (event.type === 'denied') this.#decisions.inc({ outcome: event.reason });
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async figures(): Promise<Pick<Health, 'frames' | 'faces' | 'decisions' | 'latency'>> {
    const total = async (counter: Counter) => (await counter.get()).values.reduce((sum, { value }) => sum + value, 0);
    const decisions = (await this.#decisions.get()).values.map(
      ({ labels, value }) => [String(labels['outcome']), value] as const,
    );
    return {
      frames: await total(this.#frames),
      faces: await total(this.#faces),
      decisions: Object.fromEntries(decisions),
      latency: await this.#latencies(),
    };
  }

  async #latencies(): Promise<Health['latency']> {
    const { values } = await this.#latency.get();
    const frames = values.find(({ metricName }) => metricName?.endsWith('_count'))?.value ?? 0;
    const below = (share: number) => {
      const bucket = values.find(
        ({ labels, value }) => labels.le !== undefined && labels.le !== '+Inf' && value >= frames * share,
      );
      return frames === 0 ? 0 : Number(bucket?.labels.le ?? BUCKETS.at(-1)) * 1_000;
    };
    return { frames, p50Ms: below(0.5), p99Ms: below(0.99) };
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `facelatch_${name}`, help, registers: [this.#registry] });
  }

  #gauge(name: string, help: string, read: () => number | undefined | Promise<number | undefined>): void {
    new Gauge({
      name: `facelatch_${name}`,
      help,
      registers: [this.#registry],
      async collect() {
        const value = await read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }
}
