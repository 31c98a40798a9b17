import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most of them wait most of the time.
    maxWorkers: 2,
    testTimeout: 30_000,
  },
});
