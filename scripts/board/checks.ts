import { say } from './progress.js';
import type { Result } from './summary.js';

/** Runs the checks one after the other and keeps what became of each. */
export class Checks {
  readonly results: Result[] = [];
  readonly #whatTheBoardSays: () => Promise<string>;
  readonly #only: RegExp;

  /**
   * @param whatTheBoardSays the tail of its logs, shown with a check that failed
   * @param only checks of other names are left out, but for those that the rest depends on
   */
  constructor(whatTheBoardSays: () => Promise<string>, only: RegExp) {
    this.#whatTheBoardSays = whatTheBoardSays;
    this.#only = only;
  }

  /** @param run resolves with what was measured, rejects with why it failed */
  async check(name: string, run: () => Promise<string>): Promise<void> {
    if (this.#only.test(name)) await this.#run(name, run);
  }

  /** A check that all the rest depends on. @throws Error when it fails */
  async must(name: string, run: () => Promise<string>): Promise<void> {
    if (!(await this.#run(name, run))) throw new Error(`"${name}" failed; what follows depends on it`);
  }

  async #run(name: string, run: () => Promise<string>): Promise<boolean> {
    say(`${name} ...`);
    try {
      const detail = await run();
      say(`${name}: ${detail}`);
      this.results.push({ name, detail, passed: true });
      return true;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      say(`${name}: FAILED: ${detail}\n${await this.#whatTheBoardSays()}`);
      this.results.push({ name, detail, passed: false });
      return false;
    }
  }
}
