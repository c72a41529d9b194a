/** Where a bench says what it is doing: a line for people. */
export type Say = (line: string) => void;

/** One thing that can be measured by `npm run bench`. */
export interface Bench<Figures> {
  /** For --help, in half a line. */
  readonly about: string;
  /** Figures are plain values: they become JSON. */
  measure(say: Say): Promise<Figures>;
  /** The figures for people to read. */
  report(figures: Figures): string;
}

/** The figures that a bench gives. */
export type FiguresOf<B> = B extends Bench<infer Figures> ? Figures : never;

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A number in a column. */
export const cell = (value: number | undefined, digits = 1): string => (value?.toFixed(digits) ?? '-').padStart(8);
