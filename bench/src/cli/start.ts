import { formatReport, isSound } from '../load/load-report.js';
import { runLoad } from '../load/load-run.js';

/** `pnpm start`: the main job once, five million entries to an embedded indexer, compared to the byte. */
console.log('5,000,000 entries of 256 bytes to an embedded indexer, compared by digest …');
const report = await runLoad(
  {
    targets: [],
    transport: 'tcp',
    tlsCa: undefined,
    tlsClient: undefined,
    insecureSkipVerify: false,
    secret: 'IngestSecrets',
    tenant: undefined,
    compression: 'none',
    tagName: 'default',
    entryCount: 5_000_000,
    durationMs: Number.POSITIVE_INFINITY,
    entryBytes: 256,
    content: 'random',
    batch: 1024,
    workers: undefined,
    connections: 1,
    ringBytes: undefined,
    cache: undefined,
    killEveryMs: undefined,
    timeoutMs: 10_000,
    seed: 1,
    digest: true,
    status: false,
    json: false,
  },
  {
    lost: (error) => console.error(error.message),
    progress: () => {},
    left: () => {},
  },
  new AbortController().signal,
);
console.log(formatReport(report));
process.exitCode = isSound(report) ? 0 : 1;
