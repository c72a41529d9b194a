import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os';

/** On what was measured, and what else it did: the figures mean little without. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly gigabytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Processes that wanted to run, mean of the minute before; without a bench an idle machine has less than 0.2. */
  readonly load: number;
}

export function describeMachine(): Machine {
  return {
    ...{ processor: cpus().at(0)?.model.trim() ?? 'unknown', cores: availableParallelism() },
    ...{ gigabytes: Math.round(totalmem() / 1e9), kernel: release(), node: process.version, load: loadavg()[0] },
  };
}
