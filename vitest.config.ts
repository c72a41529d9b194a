import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/hardware/**'],
    // Two cores, and ONNX Runtime is native: separate processes, few of them.
    pool: 'forks',
    maxWorkers: 2,
    // Generous: the machines are noisy, and no test is about time.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    coverage: { provider: 'v8', include: ['src/**/*.ts'], reporter: ['text-summary', 'html', 'json-summary'] },
  },
});
