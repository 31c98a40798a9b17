import { defineConfig } from 'vitest/config';

/** Files that touch no socket, thread, process or clock. */
const PURE = [
  'test/codec/**/*.test.ts',
  'test/workers/**/*.test.ts',
  'test/cache/{segment-format,segment-log,segment-model,segment-recovery}.test.ts',
  'test/cache/{worker-model,cache-worker,flipped-bytes,outbox}.test.ts',
  'test/core/*-module{,s}.test.ts',
  'test/core/{balancer,configuration,config-file}.test.ts',
  'test/indexer/{address,answer-queue,digest,entry-reader,handshake,slow-reader,tag-table}.test.ts',
  'test/*/account.test.ts',
];

/** Properties of a machine rather than of the code: only `pnpm soak` runs them. */
const SOAK = ['test/soak/**/*.test.ts'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    projects: [
      {
        extends: true,
        // They leave nothing behind, so that files can share what they import.
        test: { name: 'fast', include: PURE, isolate: false },
      },
      {
        extends: true,
        test: { name: 'engine', include: ['test/**/*.test.ts'], exclude: [...PURE, ...SOAK] },
      },
      {
        extends: true,
        test: { name: 'soak', include: SOAK, maxWorkers: 1 },
      },
    ],
  },
});
