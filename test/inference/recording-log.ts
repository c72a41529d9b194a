import type { InferenceLog } from '../../src/inference/model-session.js';

export interface LogLine {
  readonly level: 'info' | 'warn';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

/** A log that keeps what it is told. */
export function recordingLog(): InferenceLog & { readonly lines: LogLine[] } {
  const lines: LogLine[] = [];
  const keep = (level: LogLine['level']) => (fields: object, message: string) =>
    void lines.push({ level, fields: { ...fields }, message });
  return { lines, info: keep('info'), warn: keep('warn') };
}
