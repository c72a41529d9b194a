import { execFileSync } from 'node:child_process';

/** Whether every one of these programs is installed; says which one is not, and that a test skips for it. */
export function installed(...programs: readonly string[]): boolean {
  return programs.every((program) => {
    try {
      execFileSync('sh', ['-c', 'command -v "$1"', 'sh', program], { stdio: 'ignore' });
      return true;
    } catch {
      console.warn(`skipped: ${program} is not installed`);
      return false;
    }
  });
}
