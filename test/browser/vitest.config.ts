import { defineConfig } from 'vitest/config';

// Apart from the other tests: these need a browser ("chromium" of the system). Run with: npx vitest run --config test/browser/vitest.config.ts
export default defineConfig({
  test: { root: import.meta.dirname, include: ['**/*.test.ts'], pool: 'forks', maxWorkers: 1, testTimeout: 120_000 },
});
