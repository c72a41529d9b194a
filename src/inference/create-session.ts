import type { InferenceSession } from 'onnxruntime-node';
import { fault, reasonOf } from '../errors.js';
import type { ModelEntry } from './manifest.js';
import type { Runtime } from './runtime.js';

export type ExecutionProvider = 'tensorrt' | 'cuda' | 'webgpu' | 'xnnpack' | 'cpu';

export interface InferenceSettings {
  /** Where the model files and manifest.json stand. */
  readonly modelsFolder: string;
  /** Tried in this order; the first that loads is used. */
  readonly executionProviders: readonly ExecutionProvider[];
  /** Only this one is tried: a model that cannot be loaded on it is not opened. */
  readonly requireProvider?: ExecutionProvider | undefined;
  /** Threads that share one run; `auto`: what `facelatch tune` found, or one. */
  readonly threads: number | 'auto';
  /** Where `facelatch tune` keeps what it found; without it the models run as they were shipped. */
  readonly tunedFolder?: string | undefined;
}

/** Where this room says what happened; pino's loggers fit. */
export interface InferenceLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface CreatedSession {
  readonly session: InferenceSession;
  readonly provider: ExecutionProvider;
  /** The providers that were tried before, and why each was not used. */
  readonly refused: readonly { readonly provider: ExecutionProvider; readonly reason: string }[];
}

type SessionOptions = InferenceSession.SessionOptions;

/**
 * A session on the first provider that takes the model; every other attempt is logged with its reason.
 * Throws PROVIDER_UNAVAILABLE when there is none left to try.
 */
export async function createSession(
  runtime: Runtime,
  entry: ModelEntry,
  bytes: Uint8Array,
  settings: InferenceSettings,
  log: InferenceLog,
  options: SessionOptions = {},
): Promise<CreatedSession> {
  const required = settings.requireProvider;
  const wanted = required === undefined ? settings.executionProviders : [required];
  const refused: { provider: ExecutionProvider; reason: string }[] = [];
  for (const provider of wanted) {
    try {
      const session = await runtime.InferenceSession.create(bytes, {
        ...sessionOptions(provider, settings.threads === 'auto' ? 1 : settings.threads),
        ...options,
      });
      log.info({ model: entry.id, provider, sha256: entry.sha256 }, 'model loaded');
      return { session, provider, refused };
    } catch (error) {
      const reason = reasonOf(error).trim();
      refused.push({ provider, reason });
      log.warn({ model: entry.id, provider, reason, required: required !== undefined }, 'execution provider not usable');
    }
  }
  throw fault('PROVIDER_UNAVAILABLE', {
    model: entry.id,
    wanted,
    reasons: refused.map(({ provider, reason }) => `${provider}: ${reason}`),
  });
}

export function sessionOptions(provider: ExecutionProvider, threads: number): SessionOptions {
  return {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    // The graphs are chains: operators of one model never run side by side.
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // It plans all memory of a run ahead and keeps it: 13 MB more for the four models, and not quicker.
    enableMemPattern: false,
    // Idle workers spin by default: at 5 fps that burnt 85 % of a core where 13 % did the work (docs/models.md). A string,
    // because the library ignores a number here.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}
