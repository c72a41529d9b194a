import * as z from 'zod';

const count = z.int().min(0);

/** The payload of the `health` topic: figures since start, for dashboards (docs/mqtt.md). */
export const healthSchema = z.strictObject({
  time: z.iso.datetime(),
  uptimeSeconds: count,
  /** Analysed, and the faces that were found in them. */
  frames: count,
  faces: count,
  /** `granted`, and each reason of a denial that there was. */
  decisions: z.record(z.string(), count),
  /** From the capture of a frame to the end of its analysis, over all frames: upper bounds from a histogram. */
  latency: z.strictObject({ frames: count, p50Ms: z.number().min(0), p99Ms: z.number().min(0) }),
  /** Of the processor, where the board tells. */
  temperatureCelsius: z.exactOptional(z.number()),
  /** Resident set of the process. */
  memoryBytes: count,
  outbox: z.strictObject({ events: count, bytes: count, dropped: count, problem: z.exactOptional(z.string()) }),
  broker: z.strictObject({
    /** How often a connection came about. Many say that it does not last: two clients with one client id, for example. */
    connections: count,
    /** Why the last attempt failed or the last connection ended. */
    lastProblem: z.exactOptional(z.string()),
  }),
});

export type Health = z.output<typeof healthSchema>;
