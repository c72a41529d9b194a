const startedMs = performance.now();

/** A line of progress, with the minutes and seconds since the start. */
export function say(text: string): void {
  const seconds = Math.floor((performance.now() - startedMs) / 1_000);
  process.stdout.write(`[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${text}\n`);
}

/** Such as "1.4 s". */
export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
