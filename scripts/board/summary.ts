/** What became of one check. */
export interface Result {
  readonly name: string;
  /** What was measured, or why it failed. */
  readonly detail: string;
  readonly passed: boolean;
}

/** Every check on a line of its own, and how many passed and failed in the last line. */
export function summary(results: readonly Result[]): string {
  const width = Math.max(0, ...results.map(({ name }) => name.length));
  const failed = results.filter(({ passed }) => !passed).length;
  return [
    ...results.map(({ name, detail, passed }) => `${passed ? 'ok    ' : 'FAILED'}  ${name.padEnd(width)}  ${detail}`.trimEnd()),
    `${results.length - failed} passed, ${failed} failed`,
  ].join('\n');
}
