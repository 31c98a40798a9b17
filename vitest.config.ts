import { configDefaults, defineConfig } from 'vitest/config';

/** Files that touch no socket, thread, process or clock. */
const PURE = [
  'test/codec/**/*.test.ts',
  'test/workers/!(dial).test.ts',
  'test/cache/{segment-format,segment-log,segment-model,segment-recovery}.test.ts',
  'test/cache/{worker-model,cache-worker,flipped-bytes,message-batch}.test.ts',
  'test/core/*/*-module.test.ts',
  'test/core/{waiting/barriers,waiting/backlog,lanes/balancer,cache/modules}.test.ts',
  'test/core/configuration/{configuration,gravwell-file,load-config,uuid-file}.test.ts',
  'test/core/configuration/muxer-configuration.test.ts',
  'test/indexer/{address,answer-queue,digest,entry-reader,handshake,slow-reader,tag-table}.test.ts',
  'test/indexer/{handler-promises,runs}.test.ts',
  'test/{fault,kill}/account.test.ts',
  'test/timestamps/**/*.test.ts',
  'test/queues/**/*.test.ts',
];

/** Files that look at their own process, and need it for themselves. */
const ALONE = ['test/fuzz/**/*.test.ts', 'test/codec/native-libraries.test.ts'];

/** Properties of a machine rather than of the code: only `pnpm soak` runs them. */
const SOAK = ['test/soak/**/*.test.ts'];

/** Tests of muxers and of indexers that run again with a relay between the two, whose way to the indexer differs. */
const RELAYED = [
  'test/cli/{configured,entries,follow,listen}.test.ts',
  'test/core/lanes/{evacuation,half-open}.test.ts',
  'test/core/reporting/{own-log,stats}.test.ts',
  'test/core/waiting/{close,pressure,sync}.test.ts',
  'test/core/writing/writing.test.ts',
  'test/hostile/ingester-handshake.test.ts',
  'test/indexer/indexer.test.ts',
  'test/metrics/metrics.test.ts',
  'test/pino/record-stream.test.ts',
  'test/winston/ringest-transport.test.ts',
];

const ALL = ['test/**/*.test.ts'];
const { exclude } = configDefaults;

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 45_000, interval: 10 } },
    // They leave nothing behind, so that files can share a process, and what it has imported.
    isolate: false,
    // Node.js loads what is built, as it does for a program: a `require` in it gets the same modules.
    server: { deps: { external: [/\/(packages\/\w+|bench)\/dist\//] } },
    setupFiles: ['test/support/leave-nothing-behind.ts'],
    projects: [
      {
        extends: true,
        test: { name: 'fast', include: PURE, exclude: [...exclude, ...ALONE] },
      },
      {
        extends: true,
        test: { name: 'engine', include: ALL, exclude: [...exclude, ...PURE, ...ALONE, ...SOAK] },
      },
      ...['tcp', 'tls', 'snappy', 'tenant'].map((way) => ({
        extends: true as const,
        test: { name: `relayed-${way}`, include: RELAYED, env: { RINGEST_TEST_RELAYED: way } },
      })),
      {
        extends: true,
        test: { name: 'alone', include: ALONE, isolate: true },
      },
      {
        extends: true,
        test: { name: 'soak', include: SOAK, isolate: true, maxWorkers: 1, maxConcurrency: 3 },
      },
    ],
  },
});
