import type { Command } from 'commander';
import { openContext, type Context, type GlobalOptions } from './context.js';

/** A subcommand's work: its arguments in the order of the command line; returns the exit status. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- commander hands over arguments and options untyped
export type Work = (context: Context, ...args: any[]) => Promise<number>;

/** Wraps a subcommand's work into what commander calls: opens the context, closes it whatever happens. */
export type Run = (work: Work) => (...args: unknown[]) => Promise<void>;

export function createRun(program: Command, finish: (status: number) => void): Run {
  return (work) =>
    async (...args) => {
      const context = openContext(program.opts<GlobalOptions>());
      try {
        // Commander's last argument is the command itself.
        finish(await work(context, ...args.slice(0, -1)));
      } finally {
        await context.close();
      }
    };
}
