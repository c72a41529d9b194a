import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { fault, reasonOf } from '../errors.js';

export type Runtime = typeof import('onnxruntime-node');

/**
 * Since 1.29 ONNX Runtime reports each session (model file name, hashes) to its vendor's collector, on Linux too, unless this
 * stands in the process's environment before the library is loaded. A door talks to nobody but its broker.
 */
const TELEMETRY_SWITCH = 'ORT_DISABLE_TELEMETRY';

/**
 * Switches ONNX Runtime's telemetry off for this process and for workers started from now on. To be called on the main
 * thread before a worker that runs models is started: a worker's own `process.env` is a copy that the library never sees.
 */
export function switchTelemetryOff(): void {
  process.env[TELEMETRY_SWITCH] = '1';
}

/**
 * The release that loadRuntime() loads, without the 50 ms that loading takes.
 * Throws RUNTIME_UNAVAILABLE where there is none.
 */
export function runtimeVersion(): string {
  try {
    return (createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }).version;
  } catch (error) {
    throw fault('RUNTIME_UNAVAILABLE', { reason: reasonOf(error) }, error);
  }
}

/**
 * ONNX Runtime, its telemetry switched off. The only place that loads it (the lint rule one-door-to-onnxruntime).
 * Throws RUNTIME_UNAVAILABLE where there is no binary for this machine, or where telemetry cannot be switched off.
 */
export async function loadRuntime(): Promise<Runtime> {
  if (isMainThread) switchTelemetryOff();
  else if (process.env[TELEMETRY_SWITCH] === undefined) {
    throw fault('RUNTIME_UNAVAILABLE', {
      reason: `a worker cannot switch telemetry off: call switchTelemetryOff() on the main thread before it is started`,
    });
  }
  try {
    const runtime = await import('onnxruntime-node');
    // Every failure comes back as an exception and is logged with its reason; the library's own lines would say it again,
    // in colours, to stderr.
    runtime.env.logLevel = 'fatal';
    return runtime;
  } catch (error) {
    throw fault('RUNTIME_UNAVAILABLE', { reason: reasonOf(error) }, error);
  }
}
